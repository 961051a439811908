"""What is said outside of the notes of estimates: a closed list of wordings without numbers."""

WORDINGS = {
    "outcome missing and left out": "persons without the outcome are left out",
    "between-site variance by Paule and Mandel": "between-site variance by Paule and Mandel",
    "robust standard error (Lin–Wei)": "robust standard error (Lin–Wei)",
    "fewer than 10 clusters": "few clusters: confirm by re-drawing the lottery",
    "the probability of treatment varies within strata": (
        "the probability of treatment varies within strata: weighted by its inverse"
    ),
    "strata differ in allocation:": (
        "strata differ in allocation: weighted by its inverse, so that the effect is the "
        "average over everyone drawn"
    ),
    "covariate ": "covariates that add nothing are left out",
    "an association between places": (
        "an association between places, not a causal effect: fidelity was not drawn by lot"
    ),
    "the sites are more alike": (
        "the sites are more alike than chance makes them, so that the interval is narrow"
    ),
    "the strata of the lottery are left out": "the strata of the lottery are left out",
    "values above the ": "the largest values of both arms are set to one of their quantiles",
    "exploratory: the groups were found": (
        "exploratory: the groups were found in the data, each time in one half of it"
    ),
    "a sensitivity analysis: holds if missing": (
        "a sensitivity analysis: holds if missing depends on the covariates alone"
    ),
    "no outcome is missing": "no outcome is missing: the bounds are the effect",
    "fewer than 10 groups": "few groups: confirm by re-drawing the lottery",
    "the share drawn is far": "in some groups the share drawn is far from the saturation",
    "full compliance": "full compliance: the effect is that of the lottery",
    "one-sided non-compliance: nobody": (
        "one-sided non-compliance: nobody in the control arm took part"
    ),
    "one-sided non-compliance: everyone": (
        "one-sided non-compliance: everyone in the treatment arm took part"
    ),
    "two-sided non-compliance": "two-sided non-compliance: the effect is on compliers",
    "ratio of averages over everyone": "strata count by their compliers",
    "ratio of averages over the … strata": "strata count by their compliers",
    "weak first stage": "weak first stage: only the Anderson-Rubin interval can be trusted",
    "the accepted effects are not connected": "the accepted effects are not connected",
    "the interval is unbounded": (
        "the interval is unbounded: the data do not tell that the lottery moved take-up"
    ),
    "the treatment arm took part less": (
        "the treatment arm took part less: compliers are those who stay away when drawn"
    ),
    "not causal": "not causal: the lottery does not protect the comparison",
    "strata differ in allocation and are weighted by Mantel": (
        "strata are weighted by Mantel and Haenszel, not by everyone drawn"
    ),
    "separation": "separation: penalised by Firth's method",
    "not testable": "not testable: everyone has the same outcome",
    "not an effect": "not an effect: those above zero in one arm are not those in the other",
    "capped at the ": "the largest values of both arms are set to one of their quantiles",
    "both quantiles are one value": "both quantiles are one value: no p-value",
    "the interval has no width": (
        "the interval has no width: chance does not reach the edge of equal outcomes"
    ),
    "too few persons lie beyond": ("too few persons lie beyond the quantile to close the interval"),
    "index of the outcomes that are known": (
        "who lacks some outcomes of the index counts by those that are known"
    ),
    "index weight below zero": "an outcome that the others imply counts below zero in the index",
    "not estimable": "not estimable",
    "standard error not estimable": "not estimable",
    "standard errors not estimable": "not estimable",
    "mean of the other arm not estimable": "not estimable",
    "coefficient of ": "the coefficient of a covariate is infinite",
    "standard error of the model, as if": (
        "standard error of the model, as if persons were independent"
    ),
    "standard error of the model: the weights": (
        "standard error of the model: the weights are taken as known"
    ),
    "standard error of the model: right if": (
        "standard error of the model: right if earlier events tell nothing of later ones"
    ),
    "standard error summed over": "standard error summed over the clusters drawn",
    "standard errors summed over": "standard error summed over the clusters drawn",
    "robust standard error (Fine–Gray)": "robust standard error (Fine–Gray)",
    "robust standard error (sandwich)": "robust standard error (sandwich)",
    "weights for censoring": "weighted for censoring",
    "standardised over": "standardised over the strata of the lottery",
    "one effect for all": "one effect for all strata",
    "within … strata, weighted": "within strata, weighted by how much they tell",
    "… strata in which nobody left": "strata in which nobody left say nothing",
    "exits are known by the week": "exits are known by the week (grouped likelihood)",
    "p-value and interval from": "p-value and interval from the lottery drawn again",
    "in … draws the statistic": (
        "in some draws the statistic cannot be computed; they count as at least as extreme"
    ),
    "ratio of the weeks after the exit": "ratio of the weeks after the exit, up to the horizon",
    "assumes that the lottery changes exits": (
        "assumes that the lottery changes exits through taking part alone and that take-up is "
        "known of the censored too"
    ),
    "unknown from week": "unknown from some week on: too few are followed",
    "up to … rests in states": "some rest in states in which nobody is observed any more",
    "arm … shares of those who had not left": "of those who had not left before the first entry",
    "arm … everybody at risk left": "everybody at risk left before others entered",
    "no interval: ": "no interval: nothing tells how it varies",
    "only starts old enough": "only starts old enough for the answer to be known",
    "not causal: compares those who started": (
        "not causal: compares those who started a job, which the offer itself may change"
    ),
    "not causal when the state": (
        "not causal when the state is entered after the draw: a rate compares those who are in it"
    ),
    "a comparison of the arms is not causal": (
        "not causal: who is in this state was decided after the draw"
    ),
}
"""How a note of an estimate begins, "…" for any text, and what is said of it outside."""

ENDINGS = {"too few for a normal reference": "few clusters: confirm by re-drawing the lottery"}
"""How a note may end, and what is said of that as well."""

UNSAID = (
    "between-site variance by REML",
    "over … sites",
    "standard error HC2",
    "sup-t band",
    "equal-precision band",
    "hall-wellner band",
    "no sup-t band",
    "no equal-precision band",
    "no hall-wellner band",
)
"""Notes that stay inside: of curves, or told by the name of the estimator."""
