/* The rows of a feature cache in a mapped file. */
#ifndef FYI_FEATURE_FILE_H
#define FYI_FEATURE_FILE_H

#include "base/base.h"

#define FYI_FEATURE_PATH 1024
typedef struct fyi_feature_file {
    char path[FYI_FEATURE_PATH],
        temporary[FYI_FEATURE_PATH + 24]; /* temporary: "" when there is none */
    size_t bytes;                         /* of the rows */
    char *map;
    float *rows;   /* NULL: not mapped */
    bool is_found; /* they are all there */
} fyi_feature_file;
/* Looks for "<dir>/<key>.features" with so many bytes of rows and maps it; dir is made if missing. Release always. */
fy_status fyi_feature_file_find(fyi_feature_file *f, const char *dir, const char *key, size_t bytes);
/* For one that was not found: rows to fill in, and the end of it. */
fy_status fyi_feature_file_begin(fyi_feature_file *f);
fy_status fyi_feature_file_commit(fyi_feature_file *f);
void fyi_feature_file_release(fyi_feature_file *f);

#endif
