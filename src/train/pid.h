/* pid.h: tables of samples or counts of three variables, for a decomposition. */
#ifndef FYI_PID_H
#define FYI_PID_H

#include "base/base.h"

#include <ferry/pid.h>

/* FY_EINVAL for a table that is empty or too large. */
fy_status fyi_pid_check_sizes(int n1, int n2, int ny);

/* Zeroed before it is filled; release it always. */
typedef struct fyi_pid_file {
    int32_t *v[3]; /* [n], x1, x2 and y of each line: texts in byte order became 0, 1, .. */
    double *count; /* [n]; NULL: each line is a sample */
    int64_t n;
    int n_values[3];
    fyi_arena arena;
} fyi_pid_file;
void fyi_pid_file_release(fyi_pid_file *f);
/* Lines "x1,x2,y" or "x1,x2,y,count" with commas or tabs. The first is a heading if it says so, or if the fourth field of
 * several is no number there; with has_heading always. FY_EFORMAT for anything else. */
fy_status fyi_pid_file_read(const char *path, bool has_heading, fyi_pid_file *out);
/* The same from a file's bytes, NUL after the last; `path` is for sentences. */
fy_status fyi_pid_file_parse(const char *path, const char *file, size_t bytes, bool has_heading,
                             fyi_pid_file *out);
/* Three files of lines "name,value": predictions twice, as `ferry predict` writes them, and labels. A first line whose first
 * field is name or path is a heading, more fields are left out. FY_EFORMAT unless all have the same names, each once. */
fy_status fyi_pid_files_read(const char *const paths[3], fyi_pid_file *out);
/* Decomposes either; chance as in fy_pid_of_samples, untouched for counts. */
fy_status fyi_pid_of_file(const fyi_pid_file *f, const fy_pid_opts *o, fy_pid_bits *out,
                          fy_pid_bits *chance);

#endif
