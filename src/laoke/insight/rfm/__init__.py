"""RFM scores and the two class systems. Importing the policies and `explain` loads no analytics engine."""
