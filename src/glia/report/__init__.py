"""Floor 4.5: what a run found out, as one self-contained page; pure functions from JSON documents to HTML.

:func:`glia.report.page.render` takes plain JSON values; a key that is missing leaves its section out, and a
value of ``None`` reads "not measured". It knows these keys of the *result*, the document of ``fit --json``:

``task, target, net, parameters, rows{train,valid,calibration,test}, seconds{…,total}, plan{…},
scores{test{METRIC{value,low,high,n}}}, yardsticks{NAME{METRIC{…}, rows, seconds, note}},
verdict{winner,yardstick,metric,difference,low,high,text}, findings[{code,severity,text,evidence,remedy}]``

and, beyond those, ``source`` (what was fitted), ``metric`` (the main one, where there is no verdict),
``split{unit,reason}``, ``reasons{CHOICE: why}``, ``test_opened`` (how often the test rows were looked at),
``test_fingerprint``, ``command`` (what was typed), ``versions{NAME: …}``, ``machine{…}``, and in the plan
``best_step`` and ``stopped`` (why training ended early).

*history* is the list of readings: ``{step, epoch, loss, lr, gradient, valid{loss, METRIC…}}`` and
``{step, edit}`` for what a remedy changed. *columns* is ``[{name, kind, role, reason}]``. *recipe* is any
document. *curves* holds what the test rows say:

- ``confusion{classes[K], counts[K][K]}``: rows = truth, columns = prediction;
- ``per_class[{class, precision, recall, f1, n}]``, each number plain or ``{value,low,high}``;
- ``reliability{stated[], seen[], low[], high[], n[]}``: mean probability and share that came true, by bin;
- ``observed[], predicted[], low[], high[]``: true and predicted numbers of some rows, perhaps with intervals.
"""
