"""What outstanding points are worth: redemption curves, breakage, and the contract liability they leave."""
