"""What the tasks of sound share: clips, what may befall them, and streams made of them."""
