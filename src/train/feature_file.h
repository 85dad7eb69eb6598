/* The rows of a feature cache in a mapped file. */
#ifndef FYI_FEATURE_FILE_H
#define FYI_FEATURE_FILE_H

#include "base/base.h"

#define FYI_FEATURE_PATH 1024
typedef struct fyi_feature_file {
    char dir[FYI_FEATURE_PATH], key[65], path[FYI_FEATURE_PATH + 80];
    char temporary[FYI_FEATURE_PATH + 200]; /* "" when there is none */
    int lock; /* held while the rows are computed, so that of several processes one does it; -1: not held */
    bool is_alone; /* and the file system keeps others from holding it */
    size_t bytes;  /* of the rows */
    char *map;
    float *rows;   /* NULL: not mapped */
    bool is_found; /* they are all there */
} fyi_feature_file;
/* Looks for "<dir>/<key>.features" with so many bytes of rows and maps it; dir is made if missing. Release always. */
fy_status fyi_feature_file_find(fyi_feature_file *f, const char *dir, const char *key, size_t bytes);
/* For one that was not found: waits until no other process computes it, which may find it. Else the caller is the one:
 * rows to fill in, and the end of it. FY_ECANCELED when asked to stop while waiting. */
fy_status fyi_feature_file_lock(fyi_feature_file *f);
fy_status fyi_feature_file_begin(fyi_feature_file *f);
fy_status fyi_feature_file_commit(fyi_feature_file *f);
void fyi_feature_file_release(fyi_feature_file *f);
/* Bytes of all such files in a folder; 0 if it is not there. */
size_t fyi_feature_files_bytes(const char *dir);

#endif
