import streamrnn.serve.wyoming as _first  # it imports the package without its warning

del _first
