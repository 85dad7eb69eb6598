/* Guards the report of a run: whole, well formed and the same every time, whatever files the run
 * left and whatever they hold. */
#include "support/html_page.h"

#include <ferry/report.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- a small run ----------------------------------------------------------------------------- */

#define RESULT                                                                                     \
    "{\"recipe\": \"tiny\", \"method\": \"adda\", \"seed\": 3, \"run_dir\": \"runs/tiny-3\","      \
    " \"source_accuracy\": 0.98, \"source_only\": 0.743, \"last\": 0.9, \"chosen\": 0.901,"        \
    " \"oracle\": 0.905, \"source_only_matched\": 0.743, \"last_matched\": 0.9,"                   \
    " \"chosen_matched\": 0.901, \"oracle_matched\": 0.915, \"source_only_swapped\": null,"        \
    " \"last_swapped\": null, \"chosen_swapped\": null, \"oracle_swapped\": null, \"last_step\": " \
    "20,"                                                                                          \
    " \"chosen_step\": 10, \"oracle_step\": 10, \"oracle_step_matched\": 15, \"fell_back\": "      \
    "false, \"reason\": \"most "                                                                   \
    "information\","                                                                               \
    " \"target_count\": 400, \"seconds\": 12.5}"

#define METRICS                                                                                  \
    "{\"stage\": \"source\", \"step\": 5, \"source.loss\": 2.1, \"source.accuracy\": 0.4}\n"     \
    "{\"stage\": \"source\", \"step\": 10, \"source.loss\": 1.1, \"source.accuracy\": 0.8}\n"    \
    "{\"stage\": \"adapt\", \"step\": 0, \"target.accuracy\": 0.743, \"target.matched\": 0.743," \
    " \"signs.entropy\": 0.3, \"signs.diversity\": 0.9, \"signs.information\": 0.6,"             \
    " \"signs.largest\": 0.6, \"signs.smallest\": 0.4, \"source_test.accuracy\": 0.98}\n"        \
    "{\"stage\": \"adapt\", \"step\": 10, \"critic.loss\": 0.7, \"critic.accuracy\": 0.55,"      \
    " \"target.loss\": null}\n"                                                                  \
    "{\"stage\": \"adapt\", \"step\": 10, \"target.accuracy\": 0.901, \"signs.entropy\": 0.1}\n" \
    "{\"stage\": \"adapt\", \"step\": 20, \"critic.loss\": 0.69, \"critic.accuracy\": 0.5,"      \
    " \"target.loss\": 0.7, \"target.accuracy\": 0.9}\n"

#define VIEW(when, domain)                                                                        \
    "{\"when\": \"" when "\", \"domain\": \"" domain "\", \"x\": [0, 1, 2.5], \"y\": [1, 0, -1]," \
    " \"class\": [0, 1, -1]}"

static const struct file {
    const char *name, *text, *marker; /* marker: what only this file puts on the page */
} files[] = {
    { "result.json", RESULT, "Adaptation raised target accuracy from 74.3% to 90.1%." },
    { "metrics.jsonl", METRICS, "Critic&#39;s accuracy, stage &quot;adapt&quot;" },
    { "critic.json",
      "{\"bins\": 4, \"moments\": [{\"step\": 0, \"source\": [4, 2, 0, 0], \"target\": [0, 0, 3, "
      "3]},"
      " {\"step\": 20, \"source\": [1, 2, 2, 1], \"target\": [1, 2, 2, 1]}]}",
      "What the critic sees" },
    { "features.json",
      "{\"views\": [" VIEW("before", "source") ", " VIEW("before", "target") ", " VIEW(
          "last", "source") ", " VIEW("last", "target") "]}",
      "Both domains&#39; features" },
    { "samples.json",
      "{\"shape\": [1, 2, 2], \"classes\": [\"cat\", \"dog\"], \"samples\": [{\"index\": 5, "
      "\"pixels\":"
      " \"AAECAw==\", \"before\": {\"class\": 0, \"p\": 0.6}, \"last\": {\"class\": 1, \"p\": "
      "0.9}}]}",
      "Samples of the target" },
    { "recipe.yaml", "name: tiny # a remark\nadda:\n  lr: 0.1\n", "<b>  lr</b>: 0.1" },
    { "versions.json", "{\"ferry\": \"0.1.0\", \"threads\": 2}", "<dt>threads</dt><dd>2</dd>" },
    { "data.json",
      "{\"source\": {\"text\": \"drawn digits\", \"count\": 100, \"source_sha256\": \"abcdef\"},"
      " \"warnings\": [\"the target is darker\"]}",
      "the target is darker" },
    { "eval.json",
      "{\"accuracy\": 0.75, \"top5\": null, \"balanced_accuracy\": 0.7, \"ece\": 0.1, "
      "\"confidence\": 0.8,"
      " \"nll\": 0.5, \"brier\": 0.3, \"count\": 4, \"broken\": 1, \"per_class\":"
      " [{\"class\": \"cat\", \"support\": 3, \"predicted\": 2, \"precision\": 1, \"recall\": "
      "0.66, \"f1\": 0.8},"
      " {\"class\": \"dog\", \"support\": 1, \"predicted\": 2, \"precision\": 0.5, \"recall\": 1, "
      "\"f1\": 0.66}],"
      " \"reliability\": [{\"from\": 0.5, \"to\": 1, \"n\": 4, \"confidence\": 0.8, \"accuracy\": "
      "0.75},"
      " {\"from\": 0, \"to\": 0.5, \"n\": 0, \"confidence\": null, \"accuracy\": null}],"
      " \"confusion\": [[2, 1], [0, 1]], \"mistakes\": {\"shape\": [1, 2, 2], \"samples\": "
      "[{\"origin\": 2,"
      " \"name\": \"cat/3.png\", \"label\": 0, \"predicted\": 1, \"p\": 0.9, \"p_label\": 0.1,"
      " \"pixels\": \"AAECAw==\"}]}, \"about\": {\"model\": \"net\", \"precision\": \"bf16\"}}",
      "<title>cat taken for dog: 1 of 3, 33.3%</title>" },
    { "lr_find-adapt.json",
      "{\"stage\": \"adapt\", \"rates\": [1e-4, 1e-3, 1e-2], \"losses\": [2.5, 1.5, 9], "
      "\"suggested\": 1e-3}",
      "The dotted line: 0.001, where the loss falls fastest" },
    { "lr_find-source.json", "{\"rates\": [1e-4, 1e-3], \"losses\": [1, 2], \"suggested\": null}",
      "Before the part \xE2\x80\x9Csource\xE2\x80\x9D" },
    { "kernels-adapt.json",
      "{\"stage\": \"adapt\", \"steps\": 10, \"seconds\": 65, \"waiting\": 12, \"operators\": "
      "[{\"op\": \"conv2d\", \"kernels\": 4, \"seconds\": 0.75}, "
      "{\"op\": \"relu\", \"kernels\": 2, \"seconds\": 0.25}], \"slowest\": [{\"node\": "
      "\"conv2d.3\", \"op\": \"conv2d\", \"kernel\": \"onednn\", \"param\": \"net.conv1.weight\", "
      "\"src\": [8, 1, 28, 28], \"dst\": [8, 20, 24, 24], \"seconds\": 0.5}]}",
      "conv2d: 75 ms, 75.0%" },
    { "weights.json",
      "{\"file\": \"net.pth\", \"format\": \"torch\", \"family\": \"resnet18\", \"prefix\": "
      "\"module.\", "
      "\"loaded\": 120,"
      " \"new_head\": [{\"name\": \"fc.weight\", \"file\": [1000, 512], \"model\": [7, 512]}], "
      "\"skipped\": [],"
      " \"missing\": [], \"wrong_shape\": [], \"wrong_dtype\": [], \"unexpected\": [{\"name\": "
      "\"aux\", "
      "\"file\": []}],"
      " \"ignored\": 3}",
      "<td>[1000, 512]</td><td>[7, 512]</td>" },
    { "compare.json",
      "{\"name\": \"duel\", \"baseline\": \"plain\", \"metric\": \"val_loss\", \"better\": "
      "\"lower\", "
      "\"level\": 0.9, \"seeds\": [3, \"18446744073709551615\"], \"rows\": [{\"arm\": \"plain\", "
      "\"changes\": [], \"verdict\": \"baseline\", \"n\": 2, \"mean\": 0.5, \"sd\": 0.1, "
      "\"mean_low\": 0.3, "
      "\"mean_high\": 0.7, \"diff\": null, \"p\": null, \"runs\": [{\"run\": \"runs/plain-3\", "
      "\"value\": 0.4}, "
      "{\"run\": \"runs/plain-4\", \"value\": 0.6}]}, {\"arm\": \"fast\", \"changes\": "
      "[\"a.lr=0.1\", "
      "\"a.b=<i>\"], \"verdict\": \"better\", \"n\": 2, \"mean\": 0.25, \"sd\": 0.05, \"diff\": "
      "-0.25, "
      "\"ci_low\": -0.4, \"ci_high\": -0.1, \"p\": 0.0001, \"p_wilcoxon\": 0.5, \"p_holm\": 0.04, "
      "\"runs\": "
      "[{\"run\": \"runs/fast-3\", \"value\": 0.2}, {\"run\": \"runs/fast-4\", \"value\": 0.3}]}, "
      "{\"arm\": "
      "\"bad\", \"verdict\": \"incomplete\", \"n\": 0, \"mean\": null, \"runs\": [{\"run\": "
      "\"runs/bad-3\", "
      "\"value\": null, \"error\": \"the loss is not finite\"}]}]}",
      "<a href=\"runs/fast-3/report.html\">0.2000</a>" },
    { "search.json",
      "{\"name\": \"hunt\", \"metric\": \"val_loss\", \"better\": \"lower\", \"sampler\": \"tpe\", "
      "\"pruner\": \"median\", \"study\": \"s.db\", \"seeds\": [0, 1], \"keys\": [{\"key\": "
      "\"finetune.lr\", \"range\": \"log 1e-4 1\", \"importance\": 0.75}, {\"key\": "
      "\"finetune.optim\", \"range\": \"sgd, <i>\", \"choices\": [\"sgd\", \"<i>\"], "
      "\"importance\": 0.125}], \"trials\": [{\"number\": 0, \"state\": \"done\", \"value\": 0.5, "
      "\"params\": {\"finetune.lr\": 0.01, \"finetune.optim\": \"sgd\"}}, {\"number\": 1, "
      "\"state\": \"pruned\", \"value\": 0.75, \"params\": {\"finetune.lr\": 1, "
      "\"finetune.optim\": \"<i>\"}}, {\"number\": 2, \"state\": \"done\", \"value\": 0.25, "
      "\"params\": {\"finetune.lr\": 0.1, \"finetune.optim\": \"<i>\"}}, {\"number\": 3, "
      "\"state\": \"failed\", \"value\": null, \"error\": \"the loss is not finite\", \"params\": "
      "{\"finetune.lr\": 0.9}}]}",
      "number 2, with val_loss 0.2500" },
    { "choice.json",
      "{\"chosen\": 2, \"fell_back\": false, \"reason\": \"chose step 10: mean place 1.0\", "
      "\"voters\": [\"information\", \"clusters\"], \"candidates\": [{\"method\": null, \"step\": "
      "0, "
      "\"gate\": \"\", \"early\": false, \"place\": null, \"better\": 0, \"voters\": 0, "
      "\"largest\": 0.6, "
      "\"smallest\": 0.4, \"validators\": {\"information\": 0.4, \"clusters\": 0.3, \"risk\": "
      "null}}, "
      "{\"step\": 5, \"gate\": \"called at least 97% of the target <b>\", \"back_to\": 3, "
      "\"early\": true, "
      "\"better\": 1, "
      "\"voters\": 2, \"validators\": {\"information\": 0.9}}, {\"step\": 10, \"gate\": \"\", "
      "\"place\": 1, "
      "\"better\": 2, \"voters\": 2, \"validators\": {\"information\": 0.75, \"clusters\": 0.8}}]}",
      "<td class=\"best\">0.750</td><td class=\"best\">0.800</td>" },
    { "data/target.json",
      "{\"dataset\": \"fedcba\", \"name\": \"t\", \"n\": 400, \"indices\": [1, 2]}", "fedcba" },
};

static void put_run(const char *dir)
{
    for (size_t i = 0; i < LEN(files); i++)
        fyt_put_file(dir, files[i].name, files[i].text, strlen(files[i].text));
}

/* ---- tests ----------------------------------------------------------------------------------- */

static void a_whole_run_is_shown_whole(void **state)
{
    char *text;

    put_run(*state);
    text = fyt_report(*state);
    fyt_check_page(text);
    for (size_t i = 0; i < LEN(files); i++)
        check_contains(text, files[i].marker);
    check_contains(text, "; went back to step 3, and on at half the rate</td>");
    check_contains(text, "uses target labels: shown, never used");
    check_contains(text, "took step 10; the oracle's step would have been 0.4 points better.");
    /* The matched oracle is of another step than the plain one. */
    check_contains(text, "matched <b>91.5%</b> at step 15</p>");
    check_contains(text, "<td>0</td><td>20</td><td>10</td><td>15</td>");
    /* What is of the last step says so, and that another one is handed back. */
    check_contains(text, "<h3>After the last step</h3>");
    check_contains(text,
                   "<figcaption>Of the last step's model, step 20. The run hands back the model of "
                   "step 10 instead.</figcaption>");
    check_contains(text, "the picture tells. The run hands back the model of step 10 instead.</p>");
    assert_null(strstr(text, "after adaptation"));
    check_contains(text, "1.5 points (one standard error)");
    check_contains(text, "50%: guessing");
    assert_null(strstr(text, "Not everything could be read"));
    assert_null(strstr(text, "two classes exchanged"));
    fyi_free(text);
}

static void the_same_run_gives_the_same_bytes(void **state)
{
    char *once, *twice;

    put_run(*state);
    once = fyt_report(*state);
    twice = fyt_report(*state);
    assert_string_equal(once, twice);
    fyi_free(once);
    fyi_free(twice);
}

static void any_file_may_be_missing(void **state)
{
    for (size_t i = 1; i < LEN(files); i++) {
        char *text;

        put_run(*state);
        assert_int_equal(unlink(fyt_path(*state, files[i].name)), 0);
        text = fyt_report(*state);
        fyt_check_page(text);
        assert_null(strstr(text, files[i].marker));
        assert_null(strstr(text, "Not everything could be read"));
        fyi_free(text);
    }
}

static void a_result_alone_is_enough(void **state)
{
    char *text;

    fyt_put_file(*state, "result.json", RESULT, strlen(RESULT));
    text = fyt_report(*state);
    fyt_check_page(text);
    check_contains(text, files[0].marker);
    fyi_free(text);
}

/* A page of its own: what ferry eval writes. */
static void an_evaluation_alone_is_a_page(void **state)
{
    size_t i = 0;
    char *text;

    while (strcmp(files[i].name, "eval.json") != 0)
        i++;
    fyt_put_file(*state, "eval.json", files[i].text, strlen(files[i].text));
    text = fyt_report(*state);
    fyt_check_page(text);
    check_contains(text, "<h1>net</h1>");
    check_contains(text, "Precision</dt><dd>bf16</dd>");
    check_contains(text, "1 more are left out");
    check_contains(text, "80.0% sure on average: too sure");
    check_contains(text, "mean over the classes");
    check_contains(text, "cat/3.png");
    assert_null(strstr(text, "Four numbers"));
    assert_null(strstr(text, "Doing it again"));
    fyi_free(text);
}

/* The report of the directory, which has all of these in it; fyi_free. */
static char *page_that_says(const char *dir, const char *const *says, size_t n)
{
    char *text = fyt_report(dir);

    fyt_check_page(text);
    for (size_t k = 0; k < n; k++)
        check_contains(text, says[k]);
    return text;
}

/* A page of its own: what ferry compare writes. */
static void a_comparison_alone_is_a_page(void **state)
{
    static const char *const says[] = {
        "<h1>duel</h1>",
        ("Better than the baseline: fast (\xE2\x88\x92"
         "0.2500). Incomplete: bad. "),
        "val_loss, lower is better",
        "most 0.1.</p>",
        "[90% interval]",
        "<code>a.lr=0.1</code>, <code>a.b=&lt;i&gt;</code>",
        "<td>&lt;0.001</td><td>0.500</td><td>0.040</td><td class=\"word v-better\">better</td>",
        "difference, left is better",
        "seed 18446744073709551615",
        "bad with seed 3: the loss is not finite",
        "The same recipe and data give the same comparison.",
    };
    size_t i = 0;
    char *text;

    while (strcmp(files[i].name, "compare.json") != 0)
        i++;
    fyt_put_file(*state, "compare.json", files[i].text, strlen(files[i].text));
    text = page_that_says(*state, says, LEN(says));
    assert_null(strstr(text, "Four numbers"));
    fyi_free(text);
}

/* Adaptations on shifts, without a baseline: cells, and who would have chosen what. */
static void cells_are_shown(void **state)
{
    static const char cells[] =
        "{\"name\": \"maze\", \"baseline\": \"\", \"seeds\": [0, 1], \"shifts\": [\"s<\"], "
        "\"oracle_gain\": 0.25, \"rows\": [{\"shift\": \"s<\", \"arm\": \"coral\"}], "
        "\"overall\": {\"chosen\": {\"n\": 2, \"failed\": 0, \"harm_rate\": 0.5, "
        "\"collapse_rate\": 0, \"kept_rate\": 0.25, \"accuracy\": 0.5, "
        "\"gain\": 0.125, \"oracle_gap\": 0.125}, \"last\": {\"harm_rate\": 0.75, \"accuracy\": "
        "0.4, \"gain\": -0.5}, \"risk\": {\"accuracy\": 0.3, \"harm_rate\": 1}}, "
        "\"per_method\": {\"coral\": {\"chosen\": {\"harm_rate\": 0.5}, \"risk\": "
        "{\"harm_rate\": 0.0625}}}, \"cells\": ["
        "{\"shift\": \"s<\", \"arm\": \"coral\", \"seed\": 0, \"run\": \"runs/s.coral-0\", "
        "\"source_only\": 0.5, \"chosen\": 0.25, \"last\": 0.125, \"oracle\": 0.75}, "
        "{\"shift\": \"s<\", \"arm\": \"coral\", \"seed\": 1, \"run\": \"../x\", "
        "\"source_only\": 0.25, \"chosen\": 0.75, \"last\": 0.25, \"oracle\": 0.75}]}";
    static const char *const says[] = {
        "<h1>maze</h1>",
        "Of 2 cells, what the choice without labels handed back ended more than a point below its "
        "source model in 50.0%; the last step did in 75.0%.",
        "the choice is +12.5 points on the source model",
        "choice of the rule</th><td>2</td><td>50.0%</td><td class=\"word "
        "v-worse\">50.0%</td><td>0.0%</td><td>25.0%</td>",
        "risk</th><td class=\"word v-worse\">6.3%</td>",
        "<th scope=\"row\">s&lt;, "
        "coral</th><td>37.5%</td><td><b>50.0%</b></td><td>18.8%</td><td>75.0%</td>",
        "<a class=\"word v-worse\" href=\"runs/s.coral-0/report.html\" title=\"50.0% to "
        "25.0%\">0</a> 1 </td>",
    };
    char *text;

    fyt_put_file(*state, "compare.json", cells, sizeof cells - 1);
    text = page_that_says(*state, says, LEN(says));
    assert_null(strstr(text, "The arms"));
    assert_null(strstr(text, "../x"));
    assert_null(strstr(text, "clusters</th>"));
    fyi_free(text);
}

/* Ranked by the choice's gain; a method that failed everywhere is the last. */
static void methods_and_shifts_are_ranked(void **state)
{
    static const char cells[] =
        "{\"name\": \"maze\", \"baseline\": \"\", \"seeds\": [0, 1], \"rows\": [], "
        "\"overall\": {\"chosen\": {\"n\": 3, \"failed\": 2, \"harm_rate\": 0.4, \"gain\": 0.1}}, "
        "\"per_method\": {\"mcd\": {\"chosen\": {\"n\": 0, \"failed\": 1, \"harm_rate\": 1}}, "
        "\"coral\": {\"chosen\": {\"n\": 2, \"failed\": 0, \"accuracy\": 0.4, \"gain\": -0.1, "
        "\"harm_rate\": 0}, \"source_only\": {\"accuracy\": 0.5}}, \"shot\": {\"chosen\": "
        "{\"n\": 1, \"failed\": 1, \"kept_rate\": 0.125, \"accuracy\": 0.75, \"gain\": 0.25, "
        "\"harm_rate\": 0.5}, "
        "\"source_only\": {\"accuracy\": 0.5}, \"last\": {\"accuracy\": 0.625, \"harm_rate\": "
        "0.5}, \"oracle\": {\"accuracy\": 0.875}}}, "
        "\"per_shift\": {\"s<\": {\"chosen\": {\"gain\": 0.25}}}, \"cells\": ["
        "{\"arm\": \"coral\", \"seed\": 0, \"run\": \"runs/coral-0\", \"chosen\": 0.5}, "
        "{\"arm\": \"shot\", \"seed\": 0, \"run\": \"runs/shot-0\", \"source_only\": null, "
        "\"error\": \"the loss is <NaN>\"}, {\"arm\": \"mcd\", \"seed\": 1, \"error\": \"too "
        "much memory\"}]}";
    static const char *const says[] = {
        "class=\"verdict bad\">\n<p>Of 3 cells, 2 failed and handed nothing back, which counts as "
        "harm. With those that ended more than a point below their source model, harm is 40.0% by",
        "<h2>2 of 3 cells failed</h2>\n<ul>\n<li><b>shot</b> with seed 0: the loss is "
        "&lt;NaN&gt;</li>\n<li><b>mcd</b> with seed 1: too much memory</li>",
        "<td>50.0%</td><td><b>75.0%</b></td><td>62.5%</td><td>87.5%</td><td>+25.0</td><td "
        "class=\"word v-worse\">50.0%</td><td class=\"word v-worse\">50.0%</td><td>12.5%</td><td "
        "class=\"word v-worse\">1 of 2</td></tr>\n<tr><th scope=\"row\"><span "
        "class=\"rank\">2</span>coral</th>",
        "<span class=\"rank\">1</span>shot</th>",
        "<span class=\"rank\">3</span>mcd</th>",
        "<span class=\"rank\">1</span>s&lt;</th>",
        "<path class=\"line v-better\"",
        "<path class=\"line v-worse\"",
        "<a href=\"#leaders\">",
        "title=\"too much memory\">1 failed</span>",
    };
    char *text;

    fyt_put_file(*state, "compare.json", cells, sizeof cells - 1);
    text = page_that_says(*state, says, LEN(says));
    assert_null(strstr(text, "runs/shot-0/report.html"));
    fyi_free(text);
}

/* Links stay in the directory, and one seed has no tests. */
static void an_odd_comparison_is_drawn(void **state)
{
    static const char odd[] =
        "{\"seeds\": [0], \"level\": 1e300, \"rows\": [{\"verdict\": \"splendid\", \"mean\": "
        "1e308, "
        "\"mean_low\": -1e308, \"runs\": [{\"run\": \"javascript:alert(1)\", \"value\": 1e308}]}, "
        "{\"arm\": \"long long long long long long long long name\", \"changes\": [1, \"x=1\"], "
        "\"runs\": [{\"run\": \"runs/../../x\", \"value\": 2}]}, 7]}";
    char *text;

    fyt_put_file(*state, "compare.json", odd, sizeof odd - 1);
    text = fyt_report(*state);
    fyt_check_page(text);
    check_contains(text, "One seed proves nothing");
    check_contains(text, "<code>x=1</code>");
    check_contains(text, "\xE2\x80\xA6");
    assert_null(strstr(text, "javascript"));
    assert_null(strstr(text, "../x"));
    fyi_free(text);
    fyt_put_file(*state, "compare.json", "{}", 2);
    text = fyt_report(*state);
    fyt_check_page(text);
    fyi_free(text);
}

/* A page of its own: what ferry search writes. */
static void a_search_alone_is_a_page(void **state)
{
    static const char *const says[] = {
        "<h1>hunt</h1>",
        "The best of 4 trials is number 2, with val_loss 0.2500.",
        "val_loss, lower is better",
        " 2 done, 1 pruned, 1 failed.",
        "<tr><th scope=\"row\">2</th><td>0.2500</td><td>0.1</td><td>&lt;i&gt;</td></tr>",
        "trial 3: the loss is not finite",
        "75.0%",
        "Parallel coordinates",
        "searching it again goes on with the same study",
    };
    size_t i = 0;
    char *text;

    while (strcmp(files[i].name, "search.json") != 0)
        i++;
    fyt_put_file(*state, "search.json", files[i].text, strlen(files[i].text));
    fyt_put_file(*state, "recipe.yaml", "method: finetune\n", 17);
    text = page_that_says(*state, says, LEN(says));
    assert_null(strstr(text, "Four numbers"));
    fyi_free(text);
}

static void an_odd_search_is_drawn(void **state)
{
    static const char odd[] =
        "{\"seeds\": 7, \"keys\": [{\"key\": \"a\", \"range\": \"log -1 x\"}, {\"choices\": [1, "
        "[], {}]}, "
        "8], \"trials\": [{\"number\": -4, \"state\": \"done\", \"value\": 1e308}, {\"state\": "
        "\"done\"}, {\"state\": \"won\", \"params\": {\"a\": [1]}}, 3, {\"number\": 1e9, "
        "\"state\": \"done\", \"value\": -1e308, \"params\": {\"a\": true}}]}";
    char *text;

    fyt_put_file(*state, "search.json", odd, sizeof odd - 1);
    text = fyt_report(*state);
    fyt_check_page(text);
    fyi_free(text);
    fyt_put_file(*state, "search.json", "{}", 2);
    text = fyt_report(*state);
    fyt_check_page(text);
    check_contains(text, "None of 0 trials is done.");
    fyi_free(text);
}

/* What comes from a file is text here too; many operators share a bar; a run of no time has no shares. */
static void odd_times_are_drawn(void **state)
{
    fyi_buf b = { 0 };
    char *text;

    put_run(*state);
    fyi_buf_puts(&b, "{\"steps\": 3, \"seconds\": 1, \"operators\": [");
    for (int i = 0; i < 30; i++)
        fyi_buf_printf(&b, "%s{\"op\": \"<b>%d\", \"seconds\": 0}", i ? ", " : "", i);
    fyi_buf_puts(&b, "], \"slowest\": [{\"node\": \"<script>\", \"src\": [\"<\"], \"dst\": 7, "
                     "\"seconds\": 0}]}");
    fyt_put_file(*state, "kernels-adapt.json", b.p, b.len);
    text = fyt_report(*state);
    fyt_check_page(text);
    check_contains(text, "&lt;b&gt;0");
    check_contains(text, "all others");
    assert_null(strstr(text, "&lt;b&gt;11"));
    assert_null(strstr(text, "could not be read"));
    fyi_free(text);
    fyi_buf_release(&b);
}

#define TUNED                                                                                  \
    "{\"kind\": \"finetune\", \"method\": \"finetune\", \"before\": 0.125, \"val_accuracy\": " \
    "0.875, "                                                                                  \
    "\"val_loss\": 0.4, \"epochs\": 3, \"best_epoch\": 2, \"moved\": 1000, \"values\": 4000, " \
    "\"lr\": "                                                                                 \
    "0.005, \"test_accuracy\": "

#define TUNED_METRICS                                                                     \
    "{\"stage\": \"head\", \"step\": 0, \"val.accuracy\": 0.125, \"val.loss\": 2.5}\n"    \
    "{\"stage\": \"head\", \"step\": 10, \"train.loss\": 1.5, \"train.accuracy\": 0.5}\n" \
    "{\"stage\": \"head\", \"step\": 10, \"val.accuracy\": 0.5, \"val.loss\": 1.25}\n"    \
    "{\"stage\": \"all\", \"step\": 10, \"val.accuracy\": 0.875, \"val.loss\": 0.4}\n"    \
    "{\"stage\": \"all\", \"step\": 20, \"val.accuracy\": 0.75, \"val.loss\": 0.5}\n"

static void put_tuned(const char *dir, const char *test)
{
    char result[512];

    snprintf(result, sizeof result, TUNED "%s}", test);
    fyt_put_file(dir, "result.json", result, strlen(result));
    fyt_put_file(dir, "metrics.jsonl", TUNED_METRICS, strlen(TUNED_METRICS));
}

/* Its parts on one axis, and nothing of an adaptation. */
static void a_fine_tuning_has_a_page_of_its_own(void **state)
{
    static const char *const never[] = { "Four numbers",     "Adaptation",   "label-free",
                                         "Target accuracy",  "source model", "Losses, stage",
                                         "could not be read" };
    char *text;

    put_tuned(*state, "0.85");
    text = fyt_report(*state);
    fyt_check_page(text);
    check_contains(text, "Fine-tuning raised validation accuracy from 12.5% to 87.5%. On the test "
                         "part, looked at once, it is 85.0%.");
    check_contains(text, "<b>Kept:</b> the model after epoch 2 of 3.");
    check_contains(text, "<b>Moved:</b> 1,000 of its 4,000 values in the last part (25.0%)");
    check_contains(text, "data-p=\"0 0.125,10 0.5,20 0.875,30 0.75\"");
    check_contains(text, "data-p=\"0 2.5,10 1.25,20 0.4,30 0.5\"");
    check_contains(text, "kept: epoch 2, step 20");
    check_contains(text, ">head</text>");
    check_contains(text, ">all</text>");
    check_contains(text, "Every evaluation of stage \"all\"");
    for (size_t i = 0; i < LEN(never); i++)
        if (strstr(text, never[i]) != NULL)
            fail_msg("the page says '%s'", never[i]);
    fyi_free(text);
}

static const struct tuned_case {
    const char *result, *said, *why;
} tuned_words[] = {
    { TUNED "null}", "The validation figure also chose the epoch, so it flatters a little",
      "no test" },
    { TUNED "2}", "&quot;test_accuracy&quot; is not a fraction between 0 and 1", "more than all" },
    { "{\"kind\": \"finetune\", \"best_epoch\": 0, \"before\": 0.9, \"val_accuracy\": 0.9}",
      "No epoch beat the model as it began, which is kept: 90.0% right", "nothing gained" },
    { "{\"kind\": \"finetune\", \"best_epoch\": 0, \"before\": 0.9, \"val_accuracy\": 0.9}",
      "validation, as it began; best.safetensors", "no epoch" },
    { "{\"kind\": \"finetune\", \"best_epoch\": 1, \"before\": 0.9, \"val_accuracy\": 0.9}",
      "Fine-tuning left validation accuracy at 90.0%.", "a smaller loss alone" },
    { "{\"kind\": \"finetune\", \"best_epoch\": 900, \"epochs\": -4, \"before\": \"x\"}",
      "The run did not record what fine-tuning changed.", "nonsense" },
    { "{\"kind\": \"finetune\"}", "The run did not record what fine-tuning changed.", "nothing" },
    { "{\"kind\": \"finetune\", \"best_epoch\": 1, \"epochs\": 2, \"ema\": 0.9}",
      "<b>Kept:</b> the moving average of the weights after epoch 1 of 2.", "averages" },
    { "{\"kind\": \"finetune\", \"best_epoch\": 1, \"epochs\": 2, \"ema\": 0.9}",
      "validation, after epoch 2; the average", "the last file is none" },
};

static void a_fine_tuning_becomes_words(void **state)
{
    for (size_t i = 0; i < LEN(tuned_words); i++) {
        char *text;

        put_tuned(*state, "null");
        fyt_put_file(*state, "result.json", tuned_words[i].result, strlen(tuned_words[i].result));
        text = fyt_report(*state);
        fyt_check_page(text);
        if (strstr(text, tuned_words[i].said) == NULL)
            fail_msg("%s: it does not say '%s'", tuned_words[i].why, tuned_words[i].said);
        fyi_free(text);
    }
}

static fy_status attempt(void *dir)
{
    return fy_report_write(dir);
}

static void memory_of_a_fine_tuning_may_end_anywhere(void **state)
{
    put_run(*state);
    put_tuned(*state, "0.85");
    fyt_check_alloc_failures(attempt, *state);
}

static void without_a_result_there_is_no_report(void **state)
{
    check_status(fy_report_write(*state), FY_EIO);
    check_sentence("there is no result.json in it");
    assert_false(fyi_path_exists(fyt_path(*state, "report.html")));
}

static void what_comes_from_files_is_text(void **state)
{
#define EVIL "</pre><script>alert(1)</script>&\\\"'"
    static const struct file evil[] = {
        { "result.json",
          "{\"recipe\": \"" EVIL "\", \"method\": \"" EVIL "\", \"reason\": \"" EVIL
          "\", \"warning\": \"" EVIL "\", \"run_dir\": \"" EVIL "\","
          " \"seed\": \"" EVIL "\", \"chosen\": \"" EVIL "\", \"chosen_step\": 0}",
          "" },
        { "metrics.jsonl",
          "{\"stage\": \"" EVIL "\", \"step\": 1, \"" EVIL ".loss\": 1, \"signs." EVIL "\": 1}\n",
          "" },
        { "recipe.yaml", "</pre><script>: </script> # <script>\n'<b>: c'\n", "" },
        { "versions.json", "{\"" EVIL "\": \"" EVIL "\", \"x\": [\"" EVIL "\"]}", "" },
        { "data.json",
          "{\"" EVIL "\": {\"text\": \"" EVIL "\", \"source_sha256\": \"" EVIL
          "\"}, \"warnings\": [\"" EVIL "\"]}",
          "" },
        { "critic.json", "[" EVIL, "" },
        { "lr_find-adapt.json",
          "{\"stage\": \"" EVIL "\", \"rates\": [1, 2], \"losses\": [1, 1e300]}", "" },
        { "kernels-adapt.json", "{\"steps\": 1}", "" },
        { "weights.json",
          "{\"file\": \"" EVIL "\", \"format\": \"" EVIL "\", \"prefix\": \"" EVIL
          "\", \"loaded\": 1, \"new_head\": [{\"name\": \"" EVIL "\", \"file\": [\"" EVIL
          "\"]}, 3], \"skipped\": 0, \"missing\": 0, \"wrong_shape\": 0, "
          "\"wrong_dtype\": 0, \"unexpected\": 0, \"ignored\": 0}",
          "" },
        { "eval.json",
          "{\"count\": \"" EVIL "\", \"per_class\": [{\"class\": \"" EVIL
          "\", \"support\": 1}, {\"class\": \"" EVIL
          "\"}], \"confusion\": [[0, 1], [1, 0]], \"mistakes\": {\"shape\": [1, 1, 1], "
          "\"samples\": [{\"label\": 0,"
          " \"predicted\": 1, \"name\": \"" EVIL "\", \"pixels\": \"AA==\"}]}, \"about\": {\"" EVIL
          "\": \"" EVIL "\"}}",
          "" },
        { "samples.json",
          "{\"shape\": [1, 1, 1], \"classes\": [\"" EVIL "\"], \"samples\": [{\"pixels\": \"AA==\","
          " \"before\": {\"class\": 0}, \"last\": {\"class\": 1}}]}",
          "" },
    };
    char *text;

    put_run(*state);
    for (size_t i = 0; i < LEN(evil); i++)
        fyt_put_file(*state, evil[i].name, evil[i].text, strlen(evil[i].text));
    text = fyt_report(*state);
    fyt_check_page(text);
    assert_null(strstr(text, "<script>alert"));
    check_contains(text, "&lt;script&gt;alert(1)&lt;/script&gt;&amp;&quot;&#39;");
    fyi_free(text);
}

static const struct odd_case {
    const char *file, *text, *note, *why;
} odds[] = {
    { "metrics.jsonl", METRICS "{\"stage\": \"ad", "line 7 is left out: it is not a JSON object",
      "a kill in mid-line" },
    { "metrics.jsonl", "nonsense\n[]\n3\n\n" METRICS,
      "3 lines are left out in whole or in part; the first is line 1", "many" },
    { "metrics.jsonl", METRICS "{\"stage\": \"a\", \"step\": \"x\"}\n",
      "a line needs a stage and a step", "a wrong type" },
    { "metrics.jsonl", METRICS "{\"stage\": \"a\", \"step\": -1}\n",
      "a line needs a stage and a step", "before the start" },
    { "metrics.jsonl", METRICS "{\"stage\": \"a\", \"step\": 1, \"x.loss\": \"1\"}\n",
      "has to be a number or null", "a text" },
    { "metrics.jsonl", METRICS "{\"stage\": \"a\", \"step\": 1, \"x\": NaN}\n",
      "it is not a JSON object", "no JSON" },
    { "metrics.jsonl", METRICS "{\"stage\": \"a\", \"step\": 1, \"x.loss\": 1e999}\n",
      "not a JSON object", "too large" },
    { "result.json", "", "result.json is left out: it is not JSON", "empty" },
    { "result.json", "[1]", "it is JSON, but not an object", "a list" },
    { "result.json", "{\"chosen\": 1.5}", "&quot;chosen&quot; is not a fraction between 0 and 1",
      "more than all" },
    { "result.json", "{\"last\": \"0.5\"}", "&quot;last&quot; is not a fraction between 0 and 1",
      "a text" },
    { "critic.json", "{\"bins\": 0, \"moments\": []}",
      "critic.json is left out: it needs &quot;bins&quot;", "no bins" },
    { "critic.json",
      "{\"bins\": 2, \"moments\": [{\"step\": 1, \"source\": [1], \"target\": [1, 2]}]}",
      "1 moments are left out", "few" },
    { "critic.json",
      "{\"bins\": 1, \"moments\": [{\"step\": 1, \"source\": [-1], \"target\": [1]}]}",
      "1 moments are left out", "negative" },
    { "features.json", "{\"views\": 3}", "it has no list &quot;views&quot;", "no list" },
    { "features.json",
      "{\"views\": [{\"when\": \"before\", \"domain\": \"source\", \"x\": [1], \"y\": []}]}",
      "view 0 is left out", "uneven" },
    { "features.json",
      "{\"views\": [{\"when\": \"before\", \"domain\": \"source\", \"x\": [1, null, 1e300], \"y\": "
      "[1, 2, 3]}]}",
      "2 points of view 0 are left out", "no numbers" },
    { "samples.json", "{\"shape\": [1, 0, 2], \"samples\": []}", "pictures are left out",
      "an empty shape" },
    { "samples.json", "{\"shape\": [512, 512, 512], \"samples\": []}", "pictures are left out",
      "far too large" },
    { "samples.json", "{\"shape\": [1, 1, 1], \"samples\": [{\"pixels\": \"AAA=\"}, {}, 7]}",
      "3 samples are left out", "other sizes" },
    { "eval.json", "{\"per_class\": [{}, {}], \"confusion\": [[1, 2], [3]]}",
      "the confusion matrix is left out: it is not a table of 2 times 2 counts", "a row cut short" },
    { "eval.json", "{\"per_class\": [{}, {}], \"confusion\": [[1, 2], [3, -1]]}",
      "the confusion matrix is left out", "a negative count" },
    { "eval.json", "{\"per_class\": [{}, {}], \"mistakes\": {\"samples\": [{\"label\": 0, \"predicted\": 2}, {}]}}",
      "2 mistakes are left out: they are of no known class", "classes that are not there" },
    { "eval.json", "{\"accuracy\": 1.5}", "is not a fraction between 0 and 1", "more than all" },
    { "lr_find-adapt.json", "{\"rates\": [1e-3, 1e-4], \"losses\": [1, 2]}",
      "lr_find-adapt.json is left out: it needs rising &quot;rates&quot; above 0", "falling rates" },
    { "lr_find-adapt.json", "{\"rates\": [0, 1], \"losses\": [1, 2]}",
      "lr_find-adapt.json is left out", "a rate without a logarithm" },
    { "lr_find-adapt.json", "{\"rates\": [1, 2], \"losses\": [1]}",
      "lr_find-adapt.json is left out", "uneven" },
    { "kernels-adapt.json", "{\"steps\": 0, \"seconds\": 1}",
      "kernels-adapt.json is left out: it needs &quot;steps&quot;", "no step" },
    { "kernels-adapt.json",
      "{\"steps\": 1, \"seconds\": 1, \"operators\": [{\"op\": \"x\", \"seconds\": -1}], "
      "\"slowest\": []}",
      "kernels-adapt.json is left out", "a negative time" },
    { "kernels-adapt.json", "{\"steps\": 1, \"seconds\": 1, \"operators\": 3, \"slowest\": []}",
      "kernels-adapt.json is left out", "no list" },
    { "kernels-adapt.json",
      "{\"steps\": 1, \"seconds\": 1, \"operators\": [{\"op\": \"x\", \"seconds\": 0}], "
      "\"slowest\": [{\"seconds\": \"1\"}]}",
      "kernels-adapt.json is left out", "a text" },
    { "weights.json", "{\"loaded\": -1}",
      "weights.json is left out: &quot;loaded&quot; is neither a number nor a list", "negative" },
    { "weights.json", "{\"loaded\": 1, \"new_head\": \"x\"}",
      "&quot;new_head&quot; is neither a number nor a list", "a text" },
    { "versions.json", "{\"a\": 1, \"a\": 2}", "versions.json is left out: it is not JSON",
      "twice the same" },
    { "data/target.json", "{", "data/target.json is left out", "cut short" },
};

static void what_cannot_be_used_is_said(void **state)
{
    for (size_t i = 0; i < LEN(odds); i++) {
        char *text;

        put_run(*state);
        fyt_put_file(*state, odds[i].file, odds[i].text, strlen(odds[i].text));
        text = fyt_report(*state);
        fyt_check_page(text);
        if (strstr(text, odds[i].note) == NULL)
            fail_msg("%s, %s: no note '%s'", odds[i].file, odds[i].why, odds[i].note);
        fyi_free(text);
    }
}

/* Figures that stress the words and the axes rather than the readers. */
static const struct words_case {
    const char *result, *said, *why;
} words[] = {
    { "{\"source_only\": 0.9, \"chosen\": 0.8, \"chosen_step\": 5}",
      "lowered target accuracy from 90.0% to 80.0%", "a loss" },
    { "{\"source_only\": 0.9, \"chosen\": 0.9, \"oracle\": 0.9, \"chosen_step\": 0}",
      "left target accuracy at 90.0%", "nothing" },
    { "{\"source_only\": null, \"chosen\": null, \"chosen_step\": 5}",
      "Nobody had labels of the target", "unlabelled" },
    { "{\"source_only\": 0.7, \"last\": 0.3, \"chosen\": 0.7, \"fell_back\": true, \"reason\": "
      "\"collapse\", \"chosen_step\": 0}",
      "Target accuracy stays at 70.0%; the last step would have lowered it to 30.0%.",
      "a fallback" },
    { "{\"fell_back\": true, \"reason\": \"collapse\"}", "The run kept the source model",
      "a fallback without labels" },
    { "{\"source_only\": 0.7, \"chosen\": 0.8, \"chosen_step\": 5, \"warning\": \"shot < mcc\"}",
      "<p class=\"odd\"><b>Warning:</b> shot &lt; mcc.</p>\n</section>", "a warning" },
    { "{\"source_only_swapped\": 0.4, \"source_only\": 0.6, \"chosen\": 0.1}",
      "counts with the two classes exchanged", "two classes" },
    { "{}", "The label-free choice took a step that the run did not record.", "nothing at all" },
};

static void figures_become_words(void **state)
{
    for (size_t i = 0; i < LEN(words); i++) {
        char *text;

        put_run(*state);
        fyt_put_file(*state, "result.json", words[i].result, strlen(words[i].result));
        text = fyt_report(*state);
        fyt_check_page(text);
        if (strstr(text, words[i].said) == NULL)
            fail_msg("%s: it does not say '%s'", words[i].why, words[i].said);
        fyi_free(text);
    }
}

static void curves_of_any_kind_are_drawn(void **state)
{
    static const char *const values[] = { "null", "0", "-1", "1e300", "1e-300", "5", "1e-8" };
    char *text;

    for (size_t i = 0; i < LEN(values); i++) {
        fyi_buf b = { 0 };

        put_run(*state);
        for (int step = 0; step < 1500; step++)
            fyi_buf_printf(
                &b, "{\"stage\": \"s\", \"step\": %d, \"a.loss\": %s, \"b.loss\": %d, \"c.accuracy\": %s}\n",
                step, values[i], step % 7, values[i]);
        fyt_put_file(*state, "metrics.jsonl", b.p, b.len);
        text = fyt_report(*state);
        fyt_check_page(text);
        fyi_free(text);
        fyi_buf_release(&b);
    }
}

static void every_truncation_is_survived(void **state)
{
    for (size_t i = 0; i < LEN(files); i++) {
        put_run(*state);
        for (size_t n = 0; n < strlen(files[i].text); n += 13) {
            char *text;

            fyt_put_file(*state, files[i].name, files[i].text, n);
            text = fyt_report(*state);
            fyt_check_page(text);
            fyi_free(text);
        }
    }
}

static void a_later_line_holds(void **state)
{
    static const char again[] =
        METRICS "{\"stage\": \"source\", \"step\": 5, \"source.loss\": 3.25}\n";
    char *text;

    put_run(*state);
    fyt_put_file(*state, "metrics.jsonl", again, strlen(again));
    text = fyt_report(*state);
    check_contains(text, "data-p=\"5 3.25\"");
    fyi_free(text);
}

static void memory_may_end_anywhere(void **state)
{
    put_run(*state);
    fyt_check_alloc_failures(attempt, *state);
}

#define IN_TMPDIR(test) cmocka_unit_test_setup_teardown(test, fyt_tmpdir_setup, fyt_tmpdir_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_TMPDIR(a_whole_run_is_shown_whole),
        IN_TMPDIR(the_same_run_gives_the_same_bytes),
        IN_TMPDIR(any_file_may_be_missing),
        IN_TMPDIR(a_result_alone_is_enough),
        IN_TMPDIR(an_evaluation_alone_is_a_page),
        IN_TMPDIR(a_comparison_alone_is_a_page),
        IN_TMPDIR(cells_are_shown),
        IN_TMPDIR(methods_and_shifts_are_ranked),
        IN_TMPDIR(an_odd_comparison_is_drawn),
        IN_TMPDIR(a_search_alone_is_a_page),
        IN_TMPDIR(an_odd_search_is_drawn),
        IN_TMPDIR(without_a_result_there_is_no_report),
        IN_TMPDIR(what_comes_from_files_is_text),
        IN_TMPDIR(what_cannot_be_used_is_said),
        IN_TMPDIR(figures_become_words),
        IN_TMPDIR(curves_of_any_kind_are_drawn),
        IN_TMPDIR(every_truncation_is_survived),
        IN_TMPDIR(a_later_line_holds),
        IN_TMPDIR(odd_times_are_drawn),
        IN_TMPDIR(memory_may_end_anywhere),
        IN_TMPDIR(a_fine_tuning_has_a_page_of_its_own),
        IN_TMPDIR(a_fine_tuning_becomes_words),
        IN_TMPDIR(memory_of_a_fine_tuning_may_end_anywhere),
    };

    return cmocka_run_group_tests_name("report", tests, NULL, NULL);
}
