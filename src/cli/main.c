/* main.c: the table of verbs, and the way from argv to one of them. */
#include "cli/cli.h"

#include <errno.h>
#include <string.h>

#define VERBS(X) \
    X(demo)      \
    X(run)       \
    X(adapt)     \
    X(finetune)  \
    X(distill)   \
    X(fuse)      \
    X(compare)   \
    X(search)    \
    X(best) X(export) X(report) X(eval) X(predict) X(pid) X(inspect) X(data) X(completion) X(help)

#define DECLARE(name) extern const fyi_verb fyi_verb_##name;
VERBS(DECLARE)
#undef DECLARE

#define ROW(name) &fyi_verb_##name,
const fyi_verb *const fyi_verbs[] = { VERBS(ROW) NULL };
#undef ROW

const fyi_verb *fyi_verb_find(const char *name)
{
    for (size_t i = 0; fyi_verbs[i] != NULL; i++)
        if (strcmp(fyi_verbs[i]->name, name) == 0)
            return fyi_verbs[i];
    return NULL;
}

const char *fyi_verb_nearest(const char *name)
{
    const char *names[FYI_LEN(fyi_verbs)];

    for (size_t i = 0; i < FYI_LEN(fyi_verbs); i++)
        names[i] = fyi_verbs[i] != NULL ? fyi_verbs[i]->name : NULL;
    return fyi_nearest(name, names);
}

static int run_verb(const fyi_verb *v, int argc, char *const *argv)
{
    fyi_args a;
    int code;

    if (fyi_args_parse(v, argc, argv, &a) != FY_OK)
        code = fyi_misused(v, "%s", fy_last_error());
    else if (fyi_args_has(&a, "--help"))
        code = (fyi_print_verb_help(stdout, v), FYI_DONE);
    else
        code = v->run(&a);
    fyi_args_release(&a);
    return code;
}

static int unknown_verb(const char *name)
{
    const char *near = fyi_verb_nearest(name);

    fprintf(stderr, "ferry: there is no verb '%s'", name);
    if (near != NULL)
        fprintf(stderr, "; did you mean '%s'?", near);
    fprintf(stderr, "\n'ferry help' lists them\n");
    return FYI_MISUSED;
}

static int dispatch(int argc, char *const *argv)
{
    const fyi_verb *v;

    if (argc < 2) {
        fyi_print_verbs(stderr);
        return FYI_MISUSED;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
        return fyi_print_verbs(stdout), FYI_DONE;
    if (strcmp(argv[1], "--version") == 0)
        return fyi_print_version();
    v = fyi_verb_find(argv[1]);
    return v != NULL ? run_verb(v, argc - 2, argv + 2) : unknown_verb(argv[1]);
}

/* A result that never reached its reader is no result: a full disk behind '>' shows only here. */
int main(int argc, char **argv)
{
    const int code = dispatch(argc, argv);

    if (fflush(stdout) == 0 && !ferror(stdout))
        return code;
    fprintf(stderr, "ferry: cannot write to standard output: %s\n", strerror(errno));
    return code == FYI_DONE ? FYI_FAILED : code;
}
