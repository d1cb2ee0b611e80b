"""Reading bulk jobs: the job, its rows, its results."""
