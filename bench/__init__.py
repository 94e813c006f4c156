"""The benchmarks, `make bench`: the product is measured from outside, as Meta and people's phones see it.

Signed webhooks go in, replies arrive at a stand-in for the Send API, and every reply is matched with its message.
"""
