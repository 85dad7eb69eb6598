/* yaml.c: the resolved recipe as a file. Every key that applies is there with its value, so the
 * file does not depend on the defaults of the program that reads it. */
#include "recipe/recipe.h"

#include <string.h>

/* Would a plain scalar be read back as this text, and as no other kind of value by other programs? */
static bool is_plain_scalar(const char *text)
{
    static const char first[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    static const char rest[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./-";
    static const char *const words[] = {
        "true", "false", "null", "yes", "no", "on", "off", "y", "n"
    };

    if (strspn(text, rest) != strlen(text) || strspn(text, first) == 0)
        return false;
    for (size_t i = 0; i < FYI_LEN(words); i++)
        if (strcasecmp(text, words[i]) == 0)
            return false;
    return true;
}

void fyi_text_quote(const char *text, fyi_buf *out)
{
    fyi_buf_puts(out, "\"");
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            fyi_buf_append(out, "\\", 1);
        fyi_buf_append(out, text, 1);
    }
    fyi_buf_puts(out, "\"");
}

void fyi_text_yaml(const char *text, fyi_buf *out)
{
    if (is_plain_scalar(text))
        fyi_buf_puts(out, text);
    else
        fyi_text_quote(text, out);
}

static void put_value(const fyi_section *s, const fyi_key *k, fyi_buf *out)
{
    const char *const *text = (const void *)((const char *)s->base + k->at);
    const bool is_text =
        k->type == FYI_KEY_TEXT || k->type == FYI_KEY_NAME || k->type == FYI_KEY_FILE;

    if (is_text)
        fyi_text_yaml(*text != NULL ? *text : "", out);
    else
        fyi_key_text(k, s->base, out);
}

static void put_key(const fyi_section *s, const fyi_key *k, fyi_buf *out)
{
    fyi_buf_printf(out, "%s%s: ", *s->name ? "  " : "", k->key);
    put_value(s, k, out);
    fyi_buf_puts(out, "\n");
}

/* Keys that apply and have none of the flags in `without`; NULL after the last. */
static const fyi_key *next_key(const fyi_settings *s, const fyi_section *section, unsigned without,
                               const fyi_key *k)
{
    const char *const silent[] = { fyi_holds_out(s) ? "" : "holdout", s->run.blind ? "" : "blind" };

    while (k->key != NULL && (!fyi_key_applies(s, section, k) || (k->flags & without) ||
                              strcmp(k->key, silent[0]) == 0 || strcmp(k->key, silent[1]) == 0))
        k++;
    return k->key != NULL ? k : NULL;
}

/* A section of which no key applies would be one without a value. */
static void put_section(const fyi_settings *s, const fyi_section *section, unsigned without,
                        fyi_buf *out)
{
    const fyi_key *k = next_key(s, section, without, section->keys);

    if (*section->name && k != NULL)
        fyi_buf_printf(out, "\n%s:\n", section->name);
    for (; k != NULL; k = next_key(s, section, without, k + 1))
        put_key(section, k, out);
}

static void put_arms(const char *what, const fyi_arm *arms, int n, fyi_buf *out)
{
    if (n > 0)
        fyi_buf_printf(out, "  %s:\n", what);
    for (int i = 0; i < n; i++) {
        fyi_buf_printf(out, "    %s: ", arms[i].name);
        fyi_key_text(fyi_arm_keys, &arms[i], out);
        fyi_buf_puts(out, "\n");
    }
}

static void put_space(const fyi_settings *s, fyi_buf *out)
{
    fyi_buf_puts(out, s->n_knobs > 0 ? "  space:\n" : "");
    for (int i = 0; i < s->n_knobs; i++) {
        fyi_buf_printf(out, "    %s: ", s->knobs[i].key);
        fyi_knob_text(&s->knobs[i], out);
        fyi_buf_puts(out, "\n");
    }
}

/* What follows a section's own keys. */
static void put_names(const fyi_settings *s, const fyi_section *section, fyi_buf *out)
{
    if (section->base == &s->search)
        put_space(s, out);
    if (section->base != &s->compare)
        return;
    put_arms("arms", s->arms, s->n_arms, out);
    put_arms("shifts", s->shifts, s->n_shifts, out);
}

void fyi_section_yaml(const fyi_settings *s, const fyi_section *section, fyi_buf *out)
{
    put_section(s, section, 0, out);
    put_names(s, section, out);
}

static void put_sections(const fyi_settings *s, unsigned without, fyi_buf *out)
{
    for (int i = 0; i < s->n_sections; i++)
        if (s->sections[i].is_open) {
            put_section(s, &s->sections[i], without, out);
            put_names(s, &s->sections[i], out);
        }
}

/* Those that `names`, NULL-terminated, lists. */
static void put_keys(const fyi_section *s, const char *const *names, fyi_buf *out)
{
    for (; *names != NULL; names++)
        put_key(s, fyi_key_find(s->keys, *names, strlen(*names)), out);
}

void fyi_recipe_yaml(const fyi_settings *s, fyi_buf *out)
{
    const char *verb = fyi_searches(s) ? "search" : "run";

    fyi_buf_printf(
        out,
        "# Resolved by ferry %s: every setting with its value. 'ferry %s' on this file repeats "
        "the %s.\n",
        fy_version(), verb, verb);
    put_sections(s, 0, out);
}

void fyi_recipe_core(const fyi_settings *s, fyi_buf *out)
{
    put_sections(s, FYI_KEY_MACHINE, out);
}

/* Releases the text. */
static fy_status hash_text(fyi_buf *text, char hex[65])
{
    fyi_sha256 sum;
    const fy_status st = text->failed ? fyi_enomem(text->len, "a recipe's text") : FY_OK;

    fyi_sha256_init(&sum);
    fyi_sha256_update(&sum, text->p, text->len);
    fyi_sha256_hex(&sum, hex);
    fyi_buf_release(text);
    return st;
}

fy_status fyi_recipe_sha256(const fyi_settings *s, char hex[65])
{
    fyi_buf text = { 0 };

    fyi_recipe_core(s, &text);
    return hash_text(&text, hex);
}

static bool has_following_seed(const fyi_settings *s, const fyi_section *side)
{
    for (const fyi_key *k = side->keys; side->is_open && k->key != NULL; k++)
        if (k->type == FYI_KEY_SEED && fyi_key_applies(s, side, k) &&
            ((const fyi_seed *)(const void *)((const char *)side->base + k->at))->follows)
            return true;
    return false;
}

/* Does the run's seed draw, pick or hold out samples? */
static bool is_data_seeded(const fyi_settings *s)
{
    bool is = fyi_holds_out(s);

    for (int i = 0; i < FYI_SIDES; i++)
        is = is || has_following_seed(s, &s->sections[1 + i]);
    return is;
}

fy_status fyi_recipe_data_sha256(const fyi_settings *s, char hex[65])
{
    fyi_buf text = { 0 };

    fyi_buf_printf(&text, "%s\n", s->method->kind->name);
    if (s->method->kind->data_text != NULL)
        s->method->kind->data_text(s, &text);
    if (is_data_seeded(s))
        put_keys(&s->sections[0], (const char *const[]){ "seed", NULL }, &text);
    put_keys(&s->sections[0], (const char *const[]){ "holdout", "data_root", "blind", NULL }, &text);
    for (int i = 0; i < FYI_SIDES; i++)
        if (s->sections[1 + i].is_open)
            put_section(s, &s->sections[1 + i], 0, &text);
    return hash_text(&text, hex);
}

fy_status fyi_recipe_device_sha256(const fyi_settings *s, char hex[65])
{
    fyi_buf text = { 0 };

    put_keys(&s->sections[0],
             (const char *const[]){ "device", "precision", "threads", "memory", "feature_dir",
                                    "feature_limit", "kernel_times", NULL },
             &text);
    return hash_text(&text, hex);
}
