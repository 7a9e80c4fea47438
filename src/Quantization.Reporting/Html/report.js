(() => {
  'use strict';
  // A click on a heading sorts its table: figures by value, names by letter; a second click turns the order round.
  const value = cell => {
    const text = cell.textContent.trim().replace(/,/g, '');
    if (text === 'exact') { return Infinity; }
    const number = parseFloat(text);
    const unit = { KB: 1e3, MB: 1e6, GB: 1e9 }[text.split(' ')[1]] || 1;
    return Number.isFinite(number) ? number * unit : -Infinity;
  };
  for (const table of document.querySelectorAll('table')) {
    const body = table.tBodies[0];
    if (body.rows.length < 3) { continue; }
    [...table.tHead.rows[0].cells].forEach((heading, column) => {
      const isFigure = heading.classList.contains('n');
      const sort = () => {
        const down = heading.getAttribute('aria-sort') ? heading.getAttribute('aria-sort') === 'ascending' : isFigure && column > 0;
        const sign = down ? -1 : 1;
        const rows = [...body.rows].sort((a, b) => {
          const one = a.cells[column], other = b.cells[column];
          const order = isFigure ? value(one) - value(other) : one.textContent.localeCompare(other.textContent);
          return sign * (order || 0);
        });
        body.append(...rows);
        for (const cell of table.tHead.rows[0].cells) { cell.removeAttribute('aria-sort'); }
        heading.setAttribute('aria-sort', down ? 'descending' : 'ascending');
      };
      heading.tabIndex = 0;
      heading.classList.add('sortable');
      heading.addEventListener('click', sort);
      heading.addEventListener('keydown', event => { if (event.key === 'Enter') { sort(); } });
    });
  }
  // A row under the pointer lights up in every table that names the same layer.
  const rows = new Map();
  for (const row of document.querySelectorAll('tbody tr')) {
    for (const cell of row.cells) {
      const name = cell.textContent;
      if (!cell.classList.contains('n') && name.length > 3) { rows.set(name, [...(rows.get(name) || []), row]); }
    }
  }
  for (const same of rows.values()) {
    if (same.length < 2 || same.length > 3) { continue; }
    for (const row of same) {
      row.addEventListener('mouseenter', () => same.forEach(each => each.classList.add('lit')));
      row.addEventListener('mouseleave', () => same.forEach(each => each.classList.remove('lit')));
    }
  }
  addEventListener('beforeprint', () => document.querySelectorAll('details').forEach(each => { each.open = true; }));
})();
