"""What an offer gives. Each effect is a small value with one question: what does it take off this basket now?"""
