/* Where the rows of feature caches are: what stages and predictors share through one fy_features. */
#ifndef FYI_FEATURES_H
#define FYI_FEATURES_H

#include "train/feature_file.h"

#include <ferry/train.h>

typedef struct fyi_rows {
    struct fyi_rows *next;
    char key[65]; /* a hash of all that they follow from; "": nobody can say, so they serve one user */
    size_t bytes;
    float *p;
    float *memory; /* where they are, or */
    fyi_feature_file file;
    int n_users;
    bool is_filled;
} fyi_rows;

/* Rows of that key and size, for one more user. *out NULL: there is no room for them. Else, if they are not filled, they
 * are the caller's to fill. */
fy_status fyi_features_take(fy_features *f, const char *key, size_t bytes, fyi_rows **out);
fy_status fyi_features_filled(fyi_rows *rows);
/* One user less; accepts NULL. Rows that are filled stay for the next one, as long as there are few of them. */
void fyi_features_give_back(fy_features *f, fyi_rows *rows);
/* Drops what nobody uses. */
void fyi_features_drop_unused(fy_features *f);
/* Bytes that new rows may have. */
fy_status fyi_features_room(fy_features *f, bool has_key, size_t *bytes);

#endif
