"""Who makes each cytokine, who answers it, and how the two go together.

The sample is the replicate: cells are added up by sample and cell type before anything is asked.
"""
