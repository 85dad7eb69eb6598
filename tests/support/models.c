/* models.c: models looked at byte by byte. */
#include "support/models.h"

#include <ferry/weights.h>

#include <string.h>

fy_model *fyt_model_open(const char *path)
{
    fy_model_opts o = fy_model_defaults();
    fy_weights *w;
    fy_model *m;
    o.input.rank = 0; /* what the file says */
    check_ok(fy_weights_open(path, &w));
    check_ok(fy_model_open_saved(w, NULL, "model", &o, &m));
    fy_weights_close(w);
    check_ok(fy_model_load(m, path));
    return m;
}

bool fyt_is_same_param(fy_model *a, fy_model *b, int i)
{
    const int64_t n = fy_shape_numel(fy_param_shape(fy_model_param(a, i)));
    float *va = fyi_calloc((size_t)n, sizeof *va), *vb = fyi_calloc((size_t)n, sizeof *vb);
    check_ok(fy_param_read(fy_model_param(a, i), va, n));
    check_ok(fy_param_read(fy_model_find(b, fy_model_param_name(a, i)), vb, n));
    const bool same = memcmp(va, vb, (size_t)n * sizeof *va) == 0;
    fyi_free(vb);
    fyi_free(va);
    return same;
}

void fyt_check_moved(fy_model *before, fy_model *after, const char *globs, const char *what)
{
    for (int i = 0; i < fy_model_count(before); i++) {
        const char *name = fy_model_param_name(before, i);
        if (fyt_is_same_param(before, after, i) == fy_glob(globs, name))
            fail_msg("%s: '%s' %s", what, name, fy_glob(globs, name) ? "did not move" : "moved");
    }
}
