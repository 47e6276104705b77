"""What holds for every test."""

import os

# Before torch is imported, here and in the processes that tests start: models this small are ten
# times slower where threads wait for one another.
os.environ.setdefault("OMP_NUM_THREADS", "1")

from hypothesis import settings

# A busy machine is slow now and then; how long an example takes proves nothing.
settings.register_profile("suite", deadline=None)
settings.load_profile("suite")
