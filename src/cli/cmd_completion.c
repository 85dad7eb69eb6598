/* cmd_completion.c: ferry completion: what a shell needs to finish words, made from the tables of
 * verbs, options and recipe keys. */
#include "cli/cli.h"

#include <string.h>

static const char *const shells[] = { "bash", "zsh", NULL };

static const fyi_option options[] = {
    FYI_OPTION_HELP,
    { NULL, NULL, NULL },
};

static void print_verb_names(void)
{
    for (size_t i = 0; fyi_verbs[i] != NULL; i++)
        printf("%s%s", i > 0 ? " " : "", fyi_verbs[i]->name);
}

/* "<side>.limit" becomes a key of every side, "encoder_<m>.width" one of every modality. */
static void print_keys(void)
{
    fy_recipe_key k;

    for (int i = 0; fy_recipe_known(i, &k); i++) {
        const char *dot = strchr(k.key, '.'), *each = strstr(k.key, "<m>");

        if (strchr(k.key, '<') == NULL)
            printf("%s= ", k.key);
        for (int m = 1; each != NULL && m <= FY_MAX_MODALITIES; m++)
            printf("%.*s%d%s= ", (int)(each - k.key), k.key, m, dot);
        for (int s = 0; k.key[0] == '<' && fy_recipe_side(s) != NULL; s++)
            printf("%s%s= ", fy_recipe_side(s), dot);
    }
}

static void print_verb_words(const fyi_verb *v)
{
    for (const fyi_option *o = v->options; o->name != NULL; o++)
        printf("%s ", o->name);
    for (const char *const *w = v->words; w != NULL && *w != NULL; w++)
        printf("%s ", *w);
}

static void print_words_function(void)
{
    printf("_ferry_words() {\n    case \"$1\" in\n");
    for (size_t i = 0; fyi_verbs[i] != NULL; i++) {
        printf("    %s) echo '", fyi_verbs[i]->name);
        print_verb_words(fyi_verbs[i]);
        if (strstr(fyi_verbs[i]->usage, "key=value") != NULL)
            printf("'; echo \"$_ferry_keys\" ;;\n");
        else
            printf("' ;;\n");
    }
    printf("    *) echo '");
    print_verb_names();
    printf(" --help --version' ;;\n    esac\n}\n_ferry_keys='");
    print_keys();
    printf("'\n");
}

static void print_bash(void)
{
    printf("# bash: source <(ferry completion bash)\n");
    print_words_function();
    printf("_ferry() {\n"
           "    local word=${COMP_WORDS[COMP_CWORD]} verb=\n"
           "    [ \"$COMP_CWORD\" -gt 1 ] && verb=${COMP_WORDS[1]}\n"
           "    COMPREPLY=($(compgen -W \"$(_ferry_words \"$verb\")\" -- \"$word\"))\n"
           "    [[ ${COMPREPLY[0]-} == *= ]] && compopt -o nospace\n"
           "}\n"
           "complete -o default -F _ferry ferry\n");
}

static void print_zsh(void)
{
    printf("#compdef ferry\n# zsh: source <(ferry completion zsh)\n");
    print_words_function();
    printf("_ferry() {\n"
           "    local verb=\n"
           "    (( CURRENT > 2 )) && verb=$words[2]\n"
           "    compadd -- ${=$(_ferry_words \"$verb\")}\n"
           "    (( CURRENT > 2 )) && _files\n"
           "}\n"
           "compdef _ferry ferry\n");
}

static int run(const fyi_args *a)
{
    if (a->n_plain == 1 && strcmp(a->plain[0], "bash") == 0)
        return print_bash(), FYI_DONE;
    if (a->n_plain == 1 && strcmp(a->plain[0], "zsh") == 0)
        return print_zsh(), FYI_DONE;
    return fyi_misused(a->verb, "bash or zsh is expected");
}

const fyi_verb fyi_verb_completion = {
    .name = "completion",
    .line = "word completion for a shell",
    .usage = "bash | zsh",
    .help = "Prints a script that teaches the shell ferry's verbs, options and recipe keys.\n"
            "\n"
            "Examples:\n"
            "  source <(ferry completion bash)      # in ~/.bashrc\n"
            "  source <(ferry completion zsh)       # in ~/.zshrc, after compinit\n",
    .options = options,
    .run = run,
    .words = shells,
};
