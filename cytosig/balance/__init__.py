"""The balance of a sample: which way its cytokines lean, how sure that is, and what drives it.

The reference is a cohort of samples, gene by gene; every sample is measured against it and on
its own, so that it gets the same number alone and in company.
"""
