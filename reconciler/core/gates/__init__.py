"""Gates: what a promotion must pass, why it does not, when it could, and who must act.

Values in, values out: facts are gathered elsewhere, and the moment that is asked about is always a
parameter. `table` says which gate applies to which type of release, `engine` judges all of them.
"""
