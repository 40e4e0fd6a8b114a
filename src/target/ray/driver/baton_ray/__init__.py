"""Runs on a Ray cluster: brings the engine up as an actor, the training loop as a process of the job's driver, and
its rollouts as tasks. It decides nothing about training: that is the loop's."""
