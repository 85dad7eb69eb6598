/* weights_arg.c: a model's file on the command line, and what of it is meant: --weights, --part, --prefix; and how the
 * model is changed, --edit.
 *
 * All may be there several times; the first --part is of the first --weights. */
#include "cli/cli.h"

static const char *text_at(const fyi_args *a, const char *option, int i)
{
    const char *text = fyi_args_nth(a, option, i);

    return text != NULL && *text != '\0' ? text : NULL;
}

fy_status fyi_weights_arg_at(const fyi_args *a, int i, fyi_weights_arg *out)
{
    *out = (fyi_weights_arg){ .path = fyi_args_nth(a, "--weights", i),
                              .part = text_at(a, "--part", i),
                              .prefix = text_at(a, "--prefix", i) };
    if (out->path != NULL || (out->part == NULL && out->prefix == NULL))
        return FY_OK;
    return fyi_fail(
        FY_EINVAL,
        "%s '%s' is of the %s --weights, which is not there; give one for each file, in "
        "their order, or \"\"",
        out->part != NULL ? "--part" : "--prefix", out->part != NULL ? out->part : out->prefix,
        (const char *const[]){ "first", "second", "third", "fourth", "next" }[FYI_MIN(i, 4)]);
}

fy_status fyi_args_join(const fyi_args *a, const char *option, const char *old, fyi_buf *out)
{
    const char *next = old;

    for (int i = 0; next != NULL || i == 0; i++) {
        if (next != NULL)
            fyi_buf_printf(out, "%s%s", out->len > 0 ? "; " : "", next);
        next = fyi_args_nth(a, option, i);
    }
    return out->failed ? fyi_enomem(out->len, option) : FY_OK;
}

fy_status fyi_weights_arg_open(const fyi_weights_arg *w, fy_weights **out)
{
    return fy_weights_open_part(w->path, w->part, out);
}

fy_status fyi_weights_arg_put(const fyi_weights_arg *w, fy_recipe *r, const char *key)
{
    const struct {
        const char *ending, *value;
    } rows[] = { { "", w->path }, { "_part", w->part }, { "_prefix", w->prefix } };

    for (size_t i = 0; i < FYI_LEN(rows); i++) {
        char full[96];

        (void)snprintf(full, sizeof full, "%s%s", key, rows[i].ending);
        if (rows[i].value != NULL)
            FYI_FORWARD(fy_recipe_put(r, full, rows[i].value));
    }
    return FY_OK;
}
