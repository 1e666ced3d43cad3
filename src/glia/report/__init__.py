"""Floor 4.5: what a run found out, as one self-contained page; pure functions from JSON documents to HTML.

:func:`glia.report.page.render` takes plain JSON values; a key that is missing leaves its section out, and a value of
``None`` reads "not measured". It knows these keys of the *result*, the document that ``fit --json`` prints:

``task, target, net, parameters, rows{train,valid,calibration,test}, seconds{…,total}, plan{…},
scores{test{METRIC{value,low,high,n}}}, yardsticks{NAME{METRIC{…}, rows, seconds, note}},
verdict{winner,yardstick,metric,difference,low,high,text}, findings[{code,severity,text,evidence,remedy}]``

and, beyond those, ``source`` (what was fitted, as typed), ``fingerprint`` (of its rows), ``split{unit,reason}``,
``reasons{CHOICE: why}``, ``opened`` (how often the test rows were looked at), ``command`` (what was typed),
``versions{NAME: …}``, ``machine{…}``, ``seed``, ``stopped`` (why training ended early), ``steps`` and ``best_step``.

*history* is the list of readings of training: ``{step, epoch, loss, lr, gradient, valid{loss, METRIC…}}`` and
``{step, edit}`` for what a remedy changed. *columns* is ``[{name, kind, role, used, reason}]``. *recipe* is any
document. *curves* holds the drawings made of test rows:

- ``confusion{labels[K], counts[K][K]}``: rows = truth, columns = prediction;
- ``per_class[{label, precision, recall, f1, n}]``, each number plain or ``{value,low,high}``;
- ``reliability{bins[{predicted, observed, low, high, n}]}``: mean probability against the share that came true;
- ``residuals{target, truth[], predicted[], low[], high[]}`` or a list of these, a sample of rows will do.
"""
