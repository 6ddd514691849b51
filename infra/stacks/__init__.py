"""The two stacks of a stage, which only compose."""
