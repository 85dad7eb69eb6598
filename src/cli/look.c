/* look.c: how pictures must look for a model, as keys of a recipe's data side.
 *
 * There are three ways to change a picture: its size, its channels, its values. Each is the command line's or the
 * model's, whole. */
#include "cli/cli.h"

void fyi_picked(const fyi_args *a, const char *key, const char *value, const char *why)
{
    if (!fyi_args_has(a, "--quiet"))
        fprintf(stderr, "picked %s=%s: %s\n", key, value, why);
}

fy_status fyi_choose(const fyi_args *a, fy_recipe *r, const char *key, const char *why,
                     const char *fmt, ...)
{
    char value[64];
    va_list args;

    if (fyi_args_sets(a, key))
        return FY_OK;
    va_start(args, fmt);
    (void)vsnprintf(value, sizeof value, fmt, args);
    va_end(args);
    fyi_picked(a, key, value, why);
    return fy_recipe_put(r, key, value);
}

typedef struct full_key {
    char text[64];
} full_key;

static full_key join(const char *front, const char *key)
{
    full_key k;

    (void)snprintf(k.text, sizeof k.text, "%s%s", front, key);
    return k;
}

/* Does the command line have one of the keys? */
static bool any_set(const fyi_look *l, const char *const *keys)
{
    for (; *keys != NULL; keys++)
        if (fyi_args_sets(l->args, join(l->prefix, *keys).text))
            return true;
    return false;
}

static fy_status put_text(const fyi_look *l, const char *key, const char *value)
{
    const full_key full = join(l->side, key);

    if (l->why != NULL)
        fyi_picked(l->args, full.text, value, l->why);
    return fy_recipe_put(l->recipe, full.text, value);
}

/* 0 is what a side has anyway, and goes without saying. */
static fy_status put_whole(const fyi_look *l, const char *key, int64_t v)
{
    char text[24];

    (void)snprintf(text, sizeof text, "%lld", (long long)v);
    return v != 0 ? put_text(l, key, text) : fy_recipe_put(l->recipe, join(l->side, key).text, text);
}

static fy_status put_list(const fyi_look *l, const char *key, const float *v, int64_t n)
{
    const full_key full = join(l->side, key);
    fyi_buf b = { 0 };
    size_t value;
    fy_status st;

    fyi_buf_printf(&b, "%s=[", full.text);
    value = b.len - 1;
    for (int64_t i = 0; i < n; i++) {
        fyi_buf_puts(&b, i > 0 ? ", " : "");
        fyi_buf_float(&b, v[i]);
    }
    fyi_buf_puts(&b, "]");
    st = b.failed ? fyi_enomem(b.len, key) : fy_recipe_set(l->recipe, b.p);
    if (st == FY_OK && l->why != NULL)
        fyi_picked(l->args, full.text, b.p + value, l->why);
    fyi_buf_release(&b);
    return st;
}

/* Arrays are resized whole; pictures can also be cut from the centre. */
static fy_status put_size(const fyi_look *l, const fy_pixels *p)
{
    const bool can_cut = fy_recipe_get(l->recipe, join(l->side, "crop").text) != NULL;

    if (!can_cut)
        return put_whole(l, "size", p->size > 0 ? p->size : p->crop);
    FYI_FORWARD(put_whole(l, "size", p->size));
    FYI_FORWARD(put_whole(l, "shorter", p->shorter));
    return put_whole(l, "crop", p->crop);
}

static fy_status put_values(const fyi_look *l, const fy_pixels *p)
{
    const int64_t n = FYI_MAX(p->channels, 1);

    if (!(p->deviation[0] > 0))
        return FY_OK;
    FYI_FORWARD(put_text(l, "range", "normal"));
    FYI_FORWARD(put_list(l, "mean", p->mean, n));
    return put_list(l, "deviation", p->deviation, n);
}

fy_status fyi_look_put(fyi_look *l, const fy_pixels *p)
{
    static const char *const size[] = { "size", "shorter", "crop", "pad", NULL };
    static const char *const values[] = { "range", "mean", "deviation", NULL };
    static const char *const channels[] = { "channels", NULL };
    const bool own_size = any_set(l, size), own_channels = any_set(l, channels);

    if (fy_recipe_get(l->recipe, join(l->side, "size").text) == NULL)
        return FY_OK; /* no picture */
    l->has_own_values = any_set(l, values);
    l->has_own = own_size || own_channels || l->has_own_values;
    if (!own_channels)
        FYI_FORWARD(put_whole(l, "channels", p->channels));
    if (!own_size)
        FYI_FORWARD(put_size(l, p));
    return l->has_own_values ? FY_OK : put_values(l, p);
}
