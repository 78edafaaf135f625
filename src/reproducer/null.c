static const char *volatile null_path; /* known to no compiler */
