"""Learning, with torch: network, losses, batches with carried state, training, conversion.

Import the modules one by one: `data` and `worker` do without torch, so that the process that
makes the training data never loads it.
"""
