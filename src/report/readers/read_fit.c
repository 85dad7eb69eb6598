/* read_fit.c: weights.json, what of a weights' file fitted the model (src/weights/fit_text.c has its form):
 *   {"file": "net.pth", "loaded": 120, "new_head": [{"name": "fc.weight", "stored": "F32", "file": [1000, 512],
 *    "model": [7, 512]}, ..], ..} */
#include "report/report.h"

#define FILE_NAME "weights.json"
#define MAX_BYTES ((size_t)64 << 20)
#define MAX_NAMED 200 /* tensors of a kind */

/* "[1000, 512]"; "" for what is no list of sizes. */
static const char *read_sizes(fyi_report *r, const json_t *list)
{
    const size_t n = json_array_size(list);
    fyi_buf b = { 0 };
    const char *text = "";

    if (!json_is_array(list) || n > FY_MAX_RANK)
        return "";
    for (size_t i = 0; i < n; i++)
        fyi_buf_printf(&b, "%s%lld", i > 0 ? ", " : "[",
                       (long long)json_integer_value(json_array_get(list, i)));
    fyi_buf_puts(&b, n > 0 ? "]" : "[]");
    r->no_memory |= b.failed;
    if (!b.failed)
        text = fyi_report_dup(r, b.p);
    fyi_buf_release(&b);
    return text;
}

/* A list of tensors, or their number alone; false if it is neither. Files of older runs lack kinds that came later. */
static bool read_kind(fyi_report *r, const json_t *from, fyi_fit_kind *k)
{
    const size_t n = FYI_MIN(json_array_size(from), MAX_NAMED);

    k->count = json_is_array(from) ? (int64_t)json_array_size(from) : json_integer_value(from);
    k->v = fyi_report_alloc(r, n, sizeof *k->v);
    for (; k->v != NULL && k->n < n; k->n++) {
        const json_t *line = json_array_get(from, k->n);

        k->v[k->n].name = fyi_json_text(r, line, "name");
        k->v[k->n].in_file = read_sizes(r, json_object_get(line, "file"));
        k->v[k->n].in_model = read_sizes(r, json_object_get(line, "model"));
    }
    return from == NULL || json_is_array(from) || (json_is_integer(from) && k->count >= 0);
}

static void read_fit(fyi_report *r, const json_t *root)
{
    static const char *const keys[] = {
#define FIT_KEY(id, key, text) key,
        FY_FIT_MAP(FIT_KEY)
#undef FIT_KEY
    };
    fyi_fit *f = &r->fit;

    for (int k = 0; k < FY_FIT_KINDS; k++)
        if (!read_kind(r, json_object_get(root, keys[k]), &f->kinds[k])) {
            fyi_report_note(r, FILE_NAME " is left out: \"%s\" is neither a number nor a list.",
                            keys[k]);
            return;
        }
    f->file = fyi_json_text(r, root, "file");
    f->format = fyi_json_text(r, root, "format");
    f->family = fyi_json_text(r, root, "family");
    f->prefix = fyi_json_text(r, root, "prefix");
    f->is_there = true;
}

void fyi_read_fit(fyi_report *r)
{
    json_t *root = fyi_report_json(r, FILE_NAME, MAX_BYTES);

    if (root != NULL)
        read_fit(r, root);
    json_decref(root);
}
