/* Guards the report of a run that learned from several modalities: every sentence is carried by the run's figures, every
 * figure is shown once and right, and a damaged fuse.json is no worse than none. */
#include "support/html_page.h"

#include <ferry/report.h>

#include <string.h>
#include <unistd.h>

/* ---- a small run ----------------------------------------------------------------------------- */

/* What is varied of it. A probe of NULL is the branch's accuracy. */
typedef struct run {
    const char *method, *weak, *samples, *fused, *sound, *probe, *is_test, *rest;
} run;

static const run plain = { "joint", "\"sound\"", "500", "0.98", "0.72", "0.85", "true", "" };

#define OR(value, other) ((value) != NULL ? (value) : (other))

static void put_fuse(const char *dir, const run *v)
{
    const char *sound = OR(v->sound, plain.sound), *fused = OR(v->fused, plain.fused);
    fyi_buf b = { 0 };

    fyi_buf_printf(&b,
                   "{\"method\": \"%s\", \"modalities\": [\"image\", \"sound\"], \"weak\": %s, "
                   "\"samples\": %s, \"fused\": %s, \"fused_val\": 0.97, \"best_epoch\": 2, "
                   "\"epochs\": 3, \"moved\": 12345, \"is_test\": %s, \"without\": 0.1, ",
                   OR(v->method, plain.method), OR(v->weak, plain.weak),
                   OR(v->samples, plain.samples), fused, OR(v->is_test, plain.is_test));
    fyi_buf_printf(&b,
                   "\"branches\": [{\"name\": \"image\", \"accuracy\": 0.95, \"val\": 0.94, "
                   "\"probe\": 0.96, \"shapley\": 0.54, \"unique\": 0.31, \"beta\": "
                   "null}, {\"name\": \"sound\", \"accuracy\": %s, \"val\": 0.71, "
                   "\"probe\": %s, \"shapley\": 0.34, \"unique\": 0.0513, \"beta\": null}], ",
                   sound, OR(v->probe, plain.probe));
    fyi_buf_printf(&b,
                   "\"subsets\": [{\"parts\": [\"image\"], \"accuracy\": 0.95}, {\"parts\": "
                   "[\"sound\"], \"accuracy\": %s}, {\"parts\": [\"sound\", \"image\"], "
                   "\"accuracy\": %s}]%s}",
                   sound, fused, OR(v->rest, plain.rest));
    assert_false(b.failed);
    fyt_put_file(dir, "fuse.json", b.p, b.len);
    fyi_buf_release(&b);
}

#define RESULT                                                                                     \
    "{\"kind\": \"fuse\", \"recipe\": \"tiny\", \"method\": \"joint\", \"seed\": 3, \"run_dir\": " \
    "\"runs/tiny-3\"}"

#define BATCH(step, grad, image, sound)                                                     \
    "{\"stage\": \"fuse\", \"step\": " step ", \"train.loss\": 1.5, \"train.fused\": 0.9, " \
    "\"train.image\": " image ", \"train.sound\": " sound                                   \
    ", \"grad.image\": 0.5, \"grad.sound\": " grad "}\n"
#define GRAD(step, grad) "{\"stage\": \"fuse\", \"step\": " step ", \"grad.sound\": " grad "}\n"
#define EPOCH(step, fused, sound)                                                              \
    "{\"stage\": \"fuse\", \"step\": " step ", \"val.fused\": " fused ", \"val.image\": 0.9, " \
    "\"val.sound\": " sound "}\n"

#define METRICS                       \
    BATCH("10", "0.4", "0.5", "0.25") \
    BATCH("20", "0.3", "0.75", "0.4") \
    EPOCH("20", "0.8", "0.4")         \
    BATCH("30", "0.2", "0.9", "0.5")  \
    EPOCH("30", "0.97", "0.5") BATCH("40", "0.1", "0.95", "0.6") EPOCH("40", "0.96", "0.6")

static void put_metrics(const char *dir, const char *text)
{
    fyt_put_file(dir, "metrics.jsonl", text, strlen(text));
}

static void put_run(const char *dir)
{
    fyt_put_file(dir, "result.json", RESULT, strlen(RESULT));
    put_fuse(dir, &plain);
    put_metrics(dir, METRICS);
}

static char *checked(const char *dir)
{
    char *text = fyt_report(dir);

    fyt_check_page(text);
    return text;
}

static void check_says(const char *dir, const char *const *says, size_t n)
{
    char *text = checked(dir);

    for (size_t i = 0; i < n; i++)
        check_contains(text, says[i]);
    fyi_free(text);
}

static void check_never(const char *dir, const char *const *never, size_t n)
{
    char *text = checked(dir);

    for (size_t i = 0; i < n; i++)
        if (strstr(text, never[i]) != NULL)
            fail_msg("the page says '%s'", never[i]);
    fyi_free(text);
}

/* ---- tests ----------------------------------------------------------------------------------- */

static void a_run_is_shown_whole(void **state)
{
    static const char *const says[] = {
        "verdict good",
        "Together the modalities are right on 98.0% of 500 test samples: 3.0 points more than the "
        "best of them alone, image with 95.0%. The weak one is sound: 72.0% alone.</p>",
        "Both signs that image held sound back are there. The gradient at sound\xE2\x80\x99s "
        "features had halved by step 30, when image\xE2\x80\x99s branch was right on 90.0% of the "
        "training samples and sound\xE2\x80\x99s on 50.0%; it ended at 25% of its beginning. A "
        "linear classifier reads 85.0% from sound\xE2\x80\x99s features, 13.0 points more than its "
        "branch makes of them. At least 0.05 nats about the label are in sound\xE2\x80\x99s "
        "features and not in image\xE2\x80\x99s. Of the 88.0 points over the most frequent class, "
        "the Shapley values give 54.0 to image and 34.0 to sound.</p>",
        "<b>Kept:</b> the model after epoch 2 of 3. <b>Moved:</b> 12,345 values. <b>Chance:</b> "
        "two "
        "such figures may lie 2.3 points apart",
        "the test figures chose nothing",
        "sound (weak)</th>",
        "<td>54.0</td><td>0.310</td></tr>",
        "<td>34.0</td><td>0.051</td></tr>",
        "<td>88.0</td><td></td></tr>",
        "<td>\xE2\x88\x92"
        "26.0 points</td>",
        "most frequent class, 10.0%.",
        "data-p=\"20 0.8,30 0.97,40 0.96\"",
        "data-p=\"10 0.4,20 0.3,30 0.2,40 0.1\"",
        "data-p=\"10 0.5,20 0.75,30 0.9,40 0.95\"",
        "kept: epoch 2, step 30",
        "Every evaluation of stage \"fuse\"",
        "href=\"#subsets\"",
        "<h1>tiny</h1>",
    };
    static const char *const never[] = {
        "Four numbers",  "label-free", "could not be read",
        "Losses, stage", "beta</th>",  "Unique information, nats",
    };

    put_run(*state);
    check_says(*state, says, LEN(says));
    check_never(*state, never, LEN(never));
}

/* Bars stand in order, the best first. */
static void subsets_are_sorted(void **state)
{
    char *text;
    const char *at;

    put_run(*state);
    text = checked(*state);
    at = strstr(text, "<table class=\"subsets\">");
    assert_non_null(at);
    at = strstr(at, "<tr class=\"every\">");
    assert_non_null(at);
    at = strstr(at, "<tr class=\"c0\">");
    assert_non_null(at);
    assert_non_null(strstr(at, "<tr class=\"c1\">"));
    fyi_free(text);
}

static const struct words_case {
    run v;
    const char *said, *why;
} words[] = {
    { { .fused = "0.96" },
      ": 1.0 points more than the best of them alone, image with 95.0%, which may be chance.",
      "a small gain" },
    { { .fused = "0.96" }, "verdict calm", "a small gain is none" },
    { { .fused = "0.96", .samples = "50000" },
      "image with 95.0%. The weak one",
      "small, but of many samples" },
    { { .fused = "0.8" },
      ": 15.0 points less than the best of them alone, image with 95.0%. The",
      "a loss" },
    { { .fused = "0.8" }, "verdict bad", "a loss has a colour" },
    { { .fused = "0.95" }, "right on 95.0% of 500 test samples, as image alone is.", "nothing" },
    { { .fused = "null" }, "did not record what came of learning", "unknown" },
    { { .samples = "null" }, "of the test samples: 3.0 points more", "samples unknown" },
    { { .samples = "null" },
      "There is a sign that image held sound back.",
      "no chance to hold the probe against" },
    { { .is_test = "false" }, "of 500 validation samples", "no test part" },
    { { .is_test = "false" }, "also chose the epoch, so the figures flatter a little", "no test" },
    { { .probe = "0.73" }, "One of two signs that image held sound back is there.", "a probe" },
    { { .probe = "0.73" },
      "reads 73.0% from sound\xE2\x80\x99s features; its branch is right on 72.0%.",
      "what is read is used" },
    { { .probe = "null" }, "There is a sign that image held sound back.", "no probe" },
    { { .weak = "\"image\"" }, "The run was about image, which is the best alone.", "the user's" },
    { { .sound = "0.96" },
      "By validation the weak one is sound, which is the best alone here.",
      "validation and test do not agree" },
    { { .weak = "null" }, "The weak one is sound", "nobody said which" },
    { { .sound = "null", .weak = "\"sound\"" },
      "best of them alone, image with 95.0%.</p>",
      "a branch is unknown" },
    { { .method = "dgl" }, "Every encoder learned from losses of its own", "apart" },
    { { .method = "dgl" }, "of that encoder&#39;s own loss", "apart: its gradients" },
    { { .method = "alone" },
      "Each modality learned by itself, and the best of them by validation is right on 98.0% of "
      "500 test samples. The weak one",
      "nothing is fused" },
    { { .method = "late" },
      "<b>Kept:</b> of each modality the epoch that was its best. ",
      "epochs of their own" },
    { { .method = "late" }, "and of several the sum of their logits", "what late fusion is" },
    { { .method = "alone" },
      "features and not in image\xE2\x80\x99s.</p>",
      "nothing is fused: the subsets are not its own" },
    { { .method = "alone" }, "<h3>Handed back</h3>", "nothing is fused: its card" },
};

static void figures_become_words(void **state)
{
    put_run(*state);
    for (size_t i = 0; i < LEN(words); i++) {
        char *text;

        put_fuse(*state, &words[i].v);
        text = checked(*state);
        if (strstr(text, words[i].said) == NULL)
            fail_msg("%s: it does not say '%s'", words[i].why, words[i].said);
        fyi_free(text);
    }
}

static const struct gradient_case {
    const char *metrics, *said, *why;
} gradients[] = {
    { BATCH("1", "0.4", "0.5", "0.5") BATCH("2", "0.4", "0.9", "0.2") BATCH("3", "0.5", "1", "0.2")
          BATCH("4", "0.3", "1", "0.2"),
      "One of two signs that image held sound back is there. The gradient at sound\xE2\x80\x99s "
      "features never fell to half of its beginning; it ended at 75% of it.",
      "a gradient that stays" },
    { BATCH("1", "0.4", "0.5", "0.5") BATCH("2", "0.1", "0.9", "0.85") BATCH("3", "0.1", "1", "0.9")
          BATCH("4", "0", "1", "1"),
      "One of two signs that image held sound back is there. The gradient at sound\xE2\x80\x99s "
      "features had halved by step 2, when image\xE2\x80\x99s branch was right on 90.0% of the "
      "training samples and sound\xE2\x80\x99s on 85.0%; it ended at 0% of its beginning.",
      "a gradient that falls because both have learned" },
    { BATCH("1", "0.4", "0.5", "0.5") BATCH("2", "0.1", "0.9", "0.2"),
      "There is a sign that image held sound back. A linear", "too few points" },
    { BATCH("1", "0", "0.5", "0.5") BATCH("2", "0", "0.9", "0.2") BATCH("3", "0", "1", "0.2")
          BATCH("4", "0", "1", "0.2"),
      "There is a sign that image held sound back. A linear", "no gradient at all" },
    { BATCH("1", "null", "0.5", "0.5") BATCH("2", "null", "0.9", "0.2"),
      "There is a sign that image held sound back. A linear", "nulls" },
    { BATCH("1", "4", "null", "0.5") BATCH("2", "1", "null", "0.2") BATCH("3", "1", "null", "0.2")
          BATCH("4", "1", "null", "0.2"),
      "There is a sign that image held sound back. The gradient at sound\xE2\x80\x99s features had "
      "halved by step 2; it ended at 25% of its beginning.",
      "nobody knows how far the strong one was" },
    { GRAD("10", "4") GRAD("20", "3") GRAD("30", "1") EPOCH("40", "0.9", "0.2") GRAD("40", "1"),
      "Both signs that image held sound back are there. The gradient at sound\xE2\x80\x99s "
      "features "
      "had halved by step 30; at the next look, step 40, image\xE2\x80\x99s branch was right on "
      "90.0% of the validation samples and sound\xE2\x80\x99s on 20.0%; it ended at 25% of its "
      "beginning.",
      "branches that are looked at after epochs alone" },
    { GRAD("10", "4") GRAD("20", "3") EPOCH("25", "0.9", "0.2") GRAD("30", "1") GRAD("40", "1"),
      "There is a sign that image held sound back. The gradient", "nobody looked again" },
    { EPOCH("10", "0.9", "0.8"), "There is a sign that image held sound back. A linear", "none" },
    { "{\"stage\": \"alone\", \"step\": 10, \"val.sound\": 0.8}\n"
      "{\"stage\": \"alone\", \"step\": 20, \"val.sound\": 0.78}\n" METRICS,
      "Alone, sound had come to 80.0% of the validation samples; its branch has 71.0%.",
      "encoders that learned alone before" },
    { "{\"stage\": \"alone\", \"step\": 10, \"val.sound\": 0.8}\n" METRICS,
      "<h3>Validation accuracy, stage &quot;alone&quot;</h3>", "stages have names" },
    { "{\"stage\": \"alone\", \"step\": 10, \"val.sound\": 0.8}\n" METRICS,
      "<figcaption>Every modality&#39;s own model; together: the sum of their logits.</figcaption>",
      "alone" },
};

static void gradients_become_words(void **state)
{
    put_run(*state);
    for (size_t i = 0; i < LEN(gradients); i++) {
        char *text;

        put_metrics(*state, gradients[i].metrics);
        text = checked(*state);
        if (strstr(text, gradients[i].said) == NULL)
            fail_msg("%s: it does not say '%s'", gradients[i].why, gradients[i].said);
        fyi_free(text);
    }
}

/* Nothing is known but who took part: nothing is claimed. */
static void nothing_is_claimed_without_figures(void **state)
{
    static const char bare[] = "{\"modalities\": [\"image\", \"sound\"]}";
    static const char *const says[] = { "did not record what came of learning", "verdict calm" };
    static const char *const never[] = { "Who held whom back", "The weak one", "could not be read",
                                         "id=\"subsets\"", "Chance:" };

    fyt_put_file(*state, "fuse.json", bare, sizeof bare - 1);
    check_says(*state, says, LEN(says));
    check_never(*state, never, LEN(never));
}

static void signs_need_figures(void **state)
{
    static const char *const says[] = {
        "Whether image held sound back cannot be told from what the run recorded."
    };

    put_fuse(*state, &(run){ .probe = "null" });
    check_says(*state, says, LEN(says));
}

/* Gradients over many powers of ten, beta and unique information. */
static void what_only_some_methods_have_is_drawn(void **state)
{
    static const char metrics[] =
        "{\"stage\": \"fuse\", \"step\": 0, \"val.fused\": 0.1, \"grad.image\": 0.01, "
        "\"grad.sound\": 1, \"beta.image\": 0, \"unique.sound\": -0.25, \"share.sound\": 0.5, "
        "\"k.image\": 0.75, "
        "\"weight.all.image\": 1, \"weight.own.sound\": 2, \"distance.sound\": 3}\n"
        "{\"stage\": \"fuse\", \"step\": 5, \"val.fused\": 0.5, \"grad.image\": 0.001, "
        "\"grad.sound\": 0, \"beta.image\": 0.5, \"unique.sound\": 0.25, \"share.sound\": 0.75}\n"
        "{\"stage\": \"fuse\", \"step\": 9, \"val.fused\": 0.97}\n";
    static const char *const says[] = {
        "data-u=\"log\" data-p=\"0 -2,5 -3\"",
        "data-u=\"log\" data-p=\"0 0\"",
        "image <b>0.001</b>",
        "data-p=\"0 -0.25,5 0.25\"",
        "nothing found",
        "<h3>Beta</h3>",
        "kept: epoch 2, step 9",
        "share<br />sound",
        "<h3>Certainty</h3>",
        "<h3>Modulation</h3>",
        "Weight of all parts&#39; loss",
        "Weight of the own loss",
        "Distance from what learned alone",
    };

    put_run(*state);
    put_metrics(*state, metrics);
    check_says(*state, says, LEN(says));
}

/* Validation before the first step or not, and a kept epoch whose figure is another. */
static void only_the_kept_epoch_is_marked(void **state)
{
    static const char *const never[] = { "kept: epoch" };

    put_run(*state);
    put_metrics(*state, EPOCH("20", "0.8", "0.4") EPOCH("30", "0.9", "0.5"));
    check_never(*state, never, LEN(never));
}

static void one_modality_is_enough(void **state)
{
    static const char one[] =
        "{\"method\": \"joint\", \"modalities\": [\"image\"], \"fused\": 0.9, \"samples\": 100, "
        "\"is_test\": true, \"branches\": [{\"name\": \"image\", \"accuracy\": 0.9, \"val\": "
        "0.8}], \"subsets\": [{\"parts\": [\"image\"], \"accuracy\": 0.9}]}";
    static const char *const says[] = { "The only modality is right on 90.0% of 100 test samples.",
                                        "<dt>Method</dt><dd>joint</dd>" };
    static const char *const never[] = { "Who held whom back", "id=\"subsets\"", "(weak)",
                                         "Chance:" };

    fyt_put_file(*state, "fuse.json", one, sizeof one - 1);
    check_says(*state, says, LEN(says));
    check_never(*state, never, LEN(never));
}

static void put_eight(const char *dir)
{
    fyi_buf b = { 0 };

    fyi_buf_puts(&b, "{\"modalities\": [\"m0\", \"m1\", \"m2\", \"m3\", \"m4\", \"m5\", \"m6\", "
                     "\"m7\"], \"fused\": 0.5, \"subsets\": [");
    for (int s = 1; s < 256; s++) {
        const char *between = "";

        fyi_buf_printf(&b, "%s{\"parts\": [", s > 1 ? ", " : "");
        for (int i = 0; i < 8; i++)
            if (s >> i & 1) {
                fyi_buf_printf(&b, "%s\"m%d\"", between, i);
                between = ", ";
            }
        fyi_buf_printf(&b, "], \"accuracy\": %d.%03d}", 0, s);
    }
    fyi_buf_puts(&b, "]}");
    assert_false(b.failed);
    fyt_put_file(dir, "fuse.json", b.p, b.len);
    fyi_buf_release(&b);
}

static int count(const char *text, const char *part)
{
    int n = 0;

    for (const char *at = text; (at = strstr(at, part)) != NULL; at++)
        n++;
    return n;
}

/* The picture has singles, all, and all but one; the folded table has all. */
static void eight_modalities_are_many(void **state)
{
    char *text;

    put_eight(*state);
    text = checked(*state);
    check_contains(text, "All 255 subsets");
    assert_int_equal(count(text, "class=\"length\""), 8 + 1 + 8 + 255);
    assert_null(strstr(text, "could not be read"));
    fyi_free(text);
}

#define EVIL "</p><script>alert(1)</script>&\\\"'"

static void what_comes_from_files_is_text(void **state)
{
    static const char evil[] =
        "{\"method\": \"" EVIL "\", \"modalities\": [\"" EVIL "\", \"b\"], \"weak\": \"" EVIL
        "\", \"fused\": 0.9, \"samples\": 10, \"branches\": [{\"name\": \"" EVIL
        "\", \"accuracy\": 0.5, \"probe\": 0.5, \"unique\": 1}, {\"name\": \"b\", \"accuracy\": "
        "0.9}], \"subsets\": [{\"parts\": [\"" EVIL "\"], \"accuracy\": 0.5}]}";
    char *text;

    put_run(*state);
    fyt_put_file(*state, "fuse.json", evil, sizeof evil - 1);
    put_metrics(*state, "{\"stage\": \"fuse\", \"step\": 1, \"val." EVIL "\": 0.5}\n");
    text = checked(*state);
    assert_null(strstr(text, "<script>alert"));
    check_contains(text, "&lt;script&gt;alert(1)&lt;/script&gt;&amp;&quot;&#39; (weak)");
    fyi_free(text);
}

#define TWO "{\"modalities\": [\"a\", \"b\"], "

static const struct odd_case {
    const char *text, *note, *why;
} odds[] = {
    { "", "fuse.json is left out: it is not JSON", "empty" },
    { "[1]", "it is JSON, but not an object", "a list" },
    { "{}", "it needs &quot;modalities&quot;, a list of 1 to 8 different names", "nothing" },
    { "{\"modalities\": []}", "a list of 1 to 8 different names", "none" },
    { "{\"modalities\": [\"a\", \"a\"]}", "a list of 1 to 8 different names", "twice" },
    { "{\"modalities\": [\"a\", 3]}", "a list of 1 to 8 different names", "a number" },
    { "{\"modalities\": [\"\"]}", "a list of 1 to 8 different names", "no name" },
    { "{\"modalities\": [\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\",\"9\"]}",
      "a list of 1 to 8 different names", "nine" },
    { TWO "\"fused\": 1.5}", "&quot;fused&quot; is not a fraction between 0 and 1", "too much" },
    { TWO "\"without\": -1}", "&quot;without&quot; is not a fraction", "less than none" },
    { TWO "\"weak\": \"c\"}", "&quot;weak&quot; is none of the modalities", "an unknown name" },
    { TWO "\"weak\": 1}", "&quot;weak&quot; is none of the modalities", "a number" },
    { TWO "\"branches\": [{\"name\": \"c\"}, 7]}",
      "2 branches are left out: they are of none of the modalities", "unknown branches" },
    { TWO "\"branches\": [{\"name\": \"a\", \"accuracy\": 2}]}",
      "&quot;accuracy&quot; of a is not a number from 0 to 1", "a share of 2" },
    { TWO "\"branches\": [{\"name\": \"a\", \"shapley\": -2}]}",
      "&quot;shapley&quot; of a is not a number from -1 to 1", "below all" },
    { TWO "\"branches\": [{\"name\": \"a\", \"unique\": 1e300}]}",
      "&quot;unique&quot; of a is not a number from -1000 to 1000", "too many nats" },
    { TWO "\"branches\": [{\"name\": \"a\", \"beta\": \"1\"}]}",
      "&quot;beta&quot; of a is not a number from 0", "a text" },
    { TWO "\"subsets\": [{\"parts\": []}, {\"parts\": [\"c\"]}, {\"parts\": [\"a\", \"a\"]}, 1, "
          "{\"parts\": [\"a\"], \"accuracy\": 1.1}, {\"parts\": [\"b\"]}]}",
      "6 subsets are left out", "no subsets" },
    { TWO "\"subsets\": [{\"parts\": [\"a\", \"b\"], \"accuracy\": 1}, {\"parts\": [\"b\", "
          "\"a\"], \"accuracy\": 0}]}",
      "1 subsets are left out", "twice the same" },
    { TWO "\"samples\": -3, \"best_epoch\": 1.5, \"epochs\": \"x\", \"fused\": 7}",
      "is not a fraction", "numbers of nothing" },
};

static void what_cannot_be_used_is_said(void **state)
{
    put_run(*state);
    for (size_t i = 0; i < LEN(odds); i++) {
        char *text;

        fyt_put_file(*state, "fuse.json", odds[i].text, strlen(odds[i].text));
        text = checked(*state);
        if (strstr(text, odds[i].note) == NULL)
            fail_msg("%s: no note '%s'", odds[i].why, odds[i].note);
        fyi_free(text);
    }
}

static void curves_of_any_kind_are_drawn(void **state)
{
    static const char *const values[] = { "null", "0", "-1", "1e300", "1e-300", "5", "1e-8" };

    put_run(*state);
    for (size_t i = 0; i < LEN(values); i++) {
        fyi_buf b = { 0 };

        for (int step = 0; step < 300; step++)
            fyi_buf_printf(&b,
                           "{\"stage\": \"fuse\", \"step\": %d, \"grad.image\": %s, "
                           "\"grad.sound\": %d, \"val.image\": %s, \"unique.sound\": %s}\n",
                           step, values[i], step % 7, values[i], values[i]);
        put_metrics(*state, b.p);
        fyi_free(checked(*state));
        fyi_buf_release(&b);
    }
}

static void every_truncation_is_survived(void **state)
{
    char *whole;
    size_t bytes;

    put_run(*state);
    check_ok(fyi_file_read(fyt_path(*state, "fuse.json"), 1 << 20, &whole, &bytes));
    for (size_t n = 0; n < bytes; n += 13) {
        fyt_put_file(*state, "fuse.json", whole, n);
        fyi_free(checked(*state));
    }
    fyi_free(whole);
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

static fy_status attempt(void *dir)
{
    return fy_report_write(dir);
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
        IN_TMPDIR(a_run_is_shown_whole),
        IN_TMPDIR(subsets_are_sorted),
        IN_TMPDIR(figures_become_words),
        IN_TMPDIR(gradients_become_words),
        IN_TMPDIR(nothing_is_claimed_without_figures),
        IN_TMPDIR(signs_need_figures),
        IN_TMPDIR(what_only_some_methods_have_is_drawn),
        IN_TMPDIR(only_the_kept_epoch_is_marked),
        IN_TMPDIR(one_modality_is_enough),
        IN_TMPDIR(eight_modalities_are_many),
        IN_TMPDIR(what_comes_from_files_is_text),
        IN_TMPDIR(what_cannot_be_used_is_said),
        IN_TMPDIR(curves_of_any_kind_are_drawn),
        IN_TMPDIR(every_truncation_is_survived),
        IN_TMPDIR(the_same_run_gives_the_same_bytes),
        IN_TMPDIR(memory_may_end_anywhere),
    };

    return cmocka_run_group_tests_name("report of modalities", tests, NULL, NULL);
}
