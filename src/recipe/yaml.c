/* yaml.c: the resolved recipe as a file. Every key that applies is there with its value, so the
 * file does not depend on the defaults of the program that reads it. */
#include "recipe/recipe.h"

#include <string.h>

/* Would a plain scalar be read back as this text, and as no other kind of value by other programs?
 * */
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

static void put_quoted(const char *text, fyi_buf *out)
{
    fyi_buf_puts(out, "\"");
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            fyi_buf_append(out, "\\", 1);
        fyi_buf_append(out, text, 1);
    }
    fyi_buf_puts(out, "\"");
}

static void put_value(const fyi_section *s, const fyi_key *k, fyi_buf *out)
{
    const char *const *text = (const void *)((const char *)s->base + k->at);
    const bool is_text =
        k->type == FYI_KEY_TEXT || k->type == FYI_KEY_NAME || k->type == FYI_KEY_FILE;

    if (is_text && (*text == NULL || !is_plain_scalar(*text)))
        put_quoted(*text != NULL ? *text : "", out);
    else
        fyi_key_text(k, s->base, out);
}

/* All keys that apply and have none of the flags in `without`. */
static void put_sections(const fyi_settings *s, unsigned without, fyi_buf *out)
{
    const bool has_own = s->sections[1 + s->method->kind->held_out].is_open;

    for (int i = 0; i < s->n_sections; i++) {
        const fyi_section *section = &s->sections[i];

        if (!section->is_open)
            continue;
        if (*section->name)
            fyi_buf_printf(out, "\n%s:\n", section->name);
        for (const fyi_key *k = section->keys; k->key != NULL; k++) {
            if (!fyi_key_applies(section, k) || (k->flags & without) ||
                (has_own && strcmp(k->key, "holdout") == 0))
                continue;
            fyi_buf_printf(out, "%s%s: ", *section->name ? "  " : "", k->key);
            put_value(section, k, out);
            fyi_buf_puts(out, "\n");
        }
    }
}

void fyi_recipe_yaml(const fyi_settings *s, fyi_buf *out)
{
    fyi_buf_printf(
        out,
        "# Resolved by ferry %s: every setting with its value. 'ferry run' on this file repeats "
        "the run.\n",
        fy_version());
    put_sections(s, 0, out);
}

fy_status fyi_recipe_sha256(const fyi_settings *s, char hex[65])
{
    fyi_buf text = { 0 };
    fyi_sha256 sum;
    fy_status st = FY_OK;

    put_sections(s, FYI_KEY_MACHINE, &text);
    fyi_sha256_init(&sum);
    fyi_sha256_update(&sum, text.p, text.len);
    fyi_sha256_hex(&sum, hex);
    if (text.failed)
        st = fyi_enomem(text.len, "a recipe's text");
    fyi_buf_release(&text);
    return st;
}
