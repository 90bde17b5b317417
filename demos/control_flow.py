"""The bare loop of every textbook: one frame in, one output and the next state out.

python demos/control_flow.py
"""

import numpy as np

import streamrnn

model = streamrnn.load("ball")
size = model.config.network.input_size
frames = np.random.default_rng(0).standard_normal((5, size), np.float32)

state = None
for frame in frames:
    output, state = model.step(frame, state)
    print(np.round(output[:4], 3))
