/* cmd_pid.c: ferry pid: what two variables know of a third, in four parts. */
#include "cli/cli.h"

#include "train/pid.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define MOST_SHUFFLES 100000

static const fyi_option options[] = {
    { "--gate", "NAME", "a small table whose parts are known: and, or, xor, copy, unique ..." },
    { "--heading", NULL, "the first line of FILE is a heading, whatever it says" },
    { "--shuffles", "N", "how often labels are shuffled, to show what chance does; by default 20" },
    { "--seed", "N", "of the shuffles; by default 0" },
    FYI_OPTION_JSON,
    FYI_OPTION_HELP,
    { NULL, NULL, NULL },
};

typedef struct pid {
    const fyi_args *args;
    fy_pid_opts o;
    const char *title;
    fy_pid_gate gate;
    fyi_pid_file file;
    int n_values[3];
    fy_pid_bits bits, chance;
    bool has_chance;
} pid;

/* ---- what is decomposed ------------------------------------------------------------------------------ */

static fy_status take_number(const fyi_args *a, const char *name, long long most, long long *v)
{
    const char *text = fyi_args_value(a, name);
    char *end;

    if (text == NULL)
        return FY_OK;
    *v = strtoll(text, &end, 10);
    return end != text && *end == '\0' && *v >= 0 && *v <= most
               ? FY_OK
               : fyi_fail(FY_EINVAL, "%s takes a whole number from 0 to %lld, not '%s'", name, most,
                          text);
}

static fy_status take_opts(pid *p)
{
    long long shuffles, seed = 0;

    p->o = fy_pid_defaults();
    shuffles = p->o.shuffles;
    FYI_FORWARD(take_number(p->args, "--shuffles", MOST_SHUFFLES, &shuffles));
    FYI_FORWARD(take_number(p->args, "--seed", INT64_MAX, &seed));
    p->o.shuffles = (int)shuffles;
    p->o.seed = (uint64_t)seed;
    return FY_OK;
}

static fy_status decompose_gate(pid *p)
{
    FYI_FORWARD(fy_pid_gate_make(fyi_args_value(p->args, "--gate"), &p->gate));
    memcpy(p->n_values, (int[]){ p->gate.n1, p->gate.n2, p->gate.ny }, sizeof p->n_values);
    p->title = p->gate.text;
    return fy_pid(p->gate.p, p->gate.n1, p->gate.n2, p->gate.ny, &p->o, &p->bits);
}

static fy_status decompose_files(pid *p)
{
    const char *const *paths = p->args->plain;

    FYI_FORWARD(p->args->n_plain == 1
                    ? fyi_pid_file_read(paths[0], fyi_args_has(p->args, "--heading"), &p->file)
                    : fyi_pid_files_read(paths, &p->file));
    memcpy(p->n_values, p->file.n_values, sizeof p->n_values);
    p->title = paths[0];
    p->has_chance = p->file.count == NULL && p->o.shuffles > 0;
    return fyi_pid_of_file(&p->file, &p->o, &p->bits, p->has_chance ? &p->chance : NULL);
}

/* ---- output --------------------------------------------------------------------------------------------- */

static json_t *json_of(const fy_pid_bits *b)
{
    return json_pack("{s:f, s:[f, f], s:f, s:[f, f], s:f, s:f, s:I}", "redundant", b->redundant,
                     "unique", b->unique[0], b->unique[1], "synergy", b->synergy, "information",
                     b->information[0], b->information[1], "both", b->both, "gap", b->gap,
                     "iterations", (json_int_t)b->iterations);
}

static int print_json(const pid *p)
{
    json_t *root = json_of(&p->bits);

    (void)json_object_set_new(
        root, "values", json_pack("[i, i, i]", p->n_values[0], p->n_values[1], p->n_values[2]));
    if (p->file.n > 0 && p->file.count == NULL)
        (void)json_object_set_new(root, "samples", json_integer(p->file.n));
    if (p->has_chance)
        (void)json_object_set_new(root, "chance", json_of(&p->chance));
    return fyi_print_json(root);
}

static void print_line(const pid *p, const char *what, double bits, double chance)
{
    printf("  %-38s%8.4f", what, bits);
    if (p->has_chance)
        printf("%12.4f", chance);
    printf("\n");
}

static int print_table(const pid *p)
{
    const fy_pid_bits *b = &p->bits, *c = &p->chance;

    printf("%s: x1 has %d values, x2 %d, y %d", p->title, p->n_values[0], p->n_values[1],
           p->n_values[2]);
    if (p->file.n > 0 && p->file.count == NULL)
        printf("; %lld samples", (long long)p->file.n);
    printf("\n\n  %-38s%8s%s\n", "what they know of y", "bits", p->has_chance ? "   by chance" : "");
    print_line(p, "redundant: either alone", b->redundant, c->redundant);
    print_line(p, "unique to x1", b->unique[0], c->unique[0]);
    print_line(p, "unique to x2", b->unique[1], c->unique[1]);
    print_line(p, "synergy: only together", b->synergy, c->synergy);
    printf("\n");
    print_line(p, "x1 alone, redundant + unique", b->information[0], c->information[0]);
    print_line(p, "x2 alone", b->information[1], c->information[1]);
    print_line(p, "both, the sum of all four", b->both, c->both);
    printf("\nCertified to within %.1e bits.", b->gap);
    if (p->has_chance)
        printf(" By chance: the mean over %d shuffles of y.", p->o.shuffles);
    printf("\n");
    return FYI_DONE;
}

/* ---- the verb ---------------------------------------------------------------------------------------------- */

static int run(const fyi_args *a)
{
    pid p = { .args = a };
    const bool is_gate = fyi_args_has(a, "--gate");
    int code = FYI_FAILED;
    fy_status st;

    if (a->n_settings > 0 || (is_gate ? a->n_plain > 0 : a->n_plain != 1 && a->n_plain != 3))
        return fyi_misused(a->verb,
                           "--gate NAME, one FILE, or two files of predictions and one of labels "
                           "are expected");
    fyi_interrupt_begin();
    (void)fy_cancel_set(fyi_interrupt_flag());
    st = take_opts(&p);
    if (st != FY_OK)
        return fyi_misused(a->verb, "%s", fy_last_error());
    st = is_gate ? decompose_gate(&p) : decompose_files(&p);
    if (st == FY_OK)
        code = fyi_args_has(a, "--json") ? print_json(&p) : print_table(&p);
    else
        (void)fyi_failed();
    fyi_pid_file_release(&p.file);
    return code;
}

const fyi_verb fyi_verb_pid = {
    .name = "pid",
    .line = "what two variables know of a third: redundant, unique, synergy",
    .usage = "[options] --gate NAME | FILE | PREDICTIONS PREDICTIONS LABELS",
    .help =
        "Splits the information of x1 and x2 about y into what either knows alone (redundant), "
        "what "
        "only\n"
        "one of them knows (unique), and what only both together know (synergy): the partial "
        "information\n"
        "decomposition of Bertschinger et al. (2014), with a certified bound of its error.\n"
        "\n"
        "FILE has lines x1,x2,y, one for each sample, or x1,x2,y,count, with commas or tabs; "
        "values "
        "are any\n"
        "words. Or x1 and x2 are the first classes in two files of 'ferry predict --out', and y is "
        "the second\n"
        "field of the lines name,label in a third; samples go by their names.\n"
        "\n"
        "A few samples seem to know something in any case. The column 'by chance' is what as many "
        "would show\n"
        "of a y that has nothing to do with them.\n"
        "\n"
        "Gates: and, or, xor, sum, copy, unique, unique2, pair, rdnxor, all, nothing.\n"
        "\n"
        "Examples:\n"
        "  ferry pid --gate xor\n"
        "  ferry pid --gate and --json\n"
        "  ferry pid answers.csv\n"
        "  ferry pid image.csv sound.csv labels.csv --shuffles 100\n",
    .options = options,
    .run = run,
};
