"""What is concluded: frames, statistics, figures, the page. Reads files, nothing else."""
