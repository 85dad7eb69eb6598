/* args.c: the command line taken apart by a verb's table of options.
 *
 * Options are never guessed from their beginnings: "--lr-d" silently taken for "--lr-decay" has
 * changed people's results. A misspelt one is named together with the nearest. */
#include "cli/cli.h"

#include <stdlib.h>
#include <string.h>

static const fyi_option *find_option(const fyi_option *options, const char *name, size_t len)
{
    for (const fyi_option *o = options; o->name != NULL; o++)
        if (strlen(o->name) == len && memcmp(o->name, name, len) == 0)
            return o;
    return NULL;
}

static fy_status fail_option(const fyi_verb *verb, const char *text, size_t len)
{
    const char *names[32];
    char word[64];
    const char *near;
    size_t n = 0;

    for (const fyi_option *o = verb->options; o->name != NULL && n + 1 < FYI_LEN(names); o++)
        names[n++] = o->name;
    names[n] = NULL;
    (void)snprintf(word, sizeof word, "%.*s", (int)len, text);
    near = fyi_nearest(word, names);
    if (near != NULL)
        return fyi_fail(FY_EINVAL, "unknown option '%s'; did you mean '%s'?", word, near);
    return fyi_fail(FY_EINVAL, "unknown option '%s'", word);
}

/* "a.b=c": a key, '=', anything. A path that holds '=' is written ./a=b. */
static bool is_setting(const char *text)
{
    const size_t n =
        strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-");

    return n > 0 && text[n] == '=' && text[0] != '.';
}

static fy_status take_option(fyi_args *a, int argc, char *const *argv, int *i)
{
    const char *text = argv[*i], *equals = strchr(text, '=');
    const size_t len = equals != NULL ? (size_t)(equals - text) : strlen(text);
    const fyi_option *o = find_option(a->verb->options, text, len);
    const char *value = equals != NULL ? equals + 1 : NULL;

    if (o == NULL)
        return fail_option(a->verb, text, len);
    if (o->value == NULL && value != NULL)
        return fyi_fail(FY_EINVAL, "option '%s' takes no value, found '%s'", o->name, value);
    if (o->value != NULL && value == NULL) {
        if (*i + 1 == argc)
            return fyi_fail(FY_EINVAL, "option '%s' needs a value: %s %s", o->name, o->name,
                            o->value);
        value = argv[++*i];
    }
    a->given[a->n_given++] = (fyi_given){ o, value };
    return FY_OK;
}

fy_status fyi_args_parse(const fyi_verb *verb, int argc, char *const *argv, fyi_args *out)
{
    const size_t room = (size_t)argc + 1;
    bool are_options = true;

    *out = (fyi_args){ .verb = verb };
    out->given = fyi_calloc(room, sizeof *out->given);
    out->plain = fyi_calloc(room, sizeof *out->plain);
    out->settings = fyi_calloc(room, sizeof *out->settings);
    if (out->given == NULL || out->plain == NULL || out->settings == NULL)
        return fyi_enomem(room, "the command line");
    for (int i = 0; i < argc; i++) {
        if (are_options && strcmp(argv[i], "--") == 0)
            are_options = false;
        else if (are_options && strcmp(argv[i], "-h") == 0)
            out->given[out->n_given++].option = find_option(verb->options, "--help", 6);
        else if (are_options && argv[i][0] == '-' && argv[i][1] != '\0')
            FYI_FORWARD(take_option(out, argc, argv, &i));
        else if (is_setting(argv[i]))
            out->settings[out->n_settings++] = argv[i];
        else
            out->plain[out->n_plain++] = argv[i];
    }
    return FY_OK;
}

void fyi_args_release(fyi_args *a)
{
    fyi_free(a->given);
    fyi_free(a->plain);
    fyi_free(a->settings);
}

const char *fyi_args_nth(const fyi_args *a, const char *name, int i)
{
    for (int k = 0; k < a->n_given; k++)
        if (a->given[k].option != NULL && strcmp(a->given[k].option->name, name) == 0 && i-- == 0)
            return a->given[k].value != NULL ? a->given[k].value : "";
    return NULL;
}

const char *fyi_args_value(const fyi_args *a, const char *name)
{
    const char *last = NULL, *next;

    for (int i = 0; (next = fyi_args_nth(a, name, i)) != NULL; i++)
        last = next;
    return last;
}

bool fyi_args_has(const fyi_args *a, const char *name)
{
    return fyi_args_nth(a, name, 0) != NULL;
}

/* ---- what went wrong ------------------------------------------------------------------------- */

bool fyi_args_sets(const fyi_args *a, const char *key)
{
    const size_t len = strlen(key);

    for (int i = 0; i < a->n_settings; i++)
        if (strncmp(a->settings[i], key, len) == 0 && a->settings[i][len] == '=')
            return true;
    return false;
}

int fyi_misused(const fyi_verb *verb, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    fprintf(stderr, "ferry %s: ", verb->name);
    vfprintf(stderr, fmt, args);
    fprintf(stderr, "\nusage: ferry %s %s\n'ferry %s --help' shows options and examples\n",
            verb->name, verb->usage, verb->name);
    va_end(args);
    return FYI_MISUSED;
}

int fyi_failed(void)
{
    fprintf(stderr, "ferry: %s\n", fy_last_error());
    return FYI_FAILED;
}
