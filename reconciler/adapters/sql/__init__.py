"""One SQL database under the store and the built-in platform: schema, migrations, transactions.

`dialect.py` alone knows which database it is; the rest is SQLAlchemy Core.
Whoever writes here must not know the use cases.
"""
