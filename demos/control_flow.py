"""The bare loop of every textbook: one frame in, one output and the next state out.

python demos/control_flow.py
"""

import numpy as np

import streamrnn

model = streamrnn.load("ball")
frames = np.random.default_rng(0).normal(size=(5, model.config.network.input_size))

state = None
for frame in frames:
    output, state = model.step(frame.astype(np.float32), state)
    print(np.round(output[:4], 3))
