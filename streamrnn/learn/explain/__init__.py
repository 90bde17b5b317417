"""What goes on inside of a network, measured: states, memory, gradients, and what gates bring."""
