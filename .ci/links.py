"""Finds dead links. usage: links.py FOLDER: in the pages (*.html) of a site; links.py: in the documents (*.md) of the repository. Links to other sites are not followed."""
import html
import pathlib
import re
import subprocess
import sys
import urllib.parse


def anchor(heading):
    """The anchor that GitHub gives a heading."""
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading.strip())
    return re.sub(r"[^\w\- ]", "", text.replace("`", "").lower()).replace(" ", "-")


def of_document(text):
    plain = re.sub(r"```.*?```", "", text, flags=re.S)
    plain_links = re.sub(r"`[^`\n]*`", "", plain)
    links = re.findall(r"\]\(([^)\s]+)\)", plain_links) + re.findall(r"\b(?:src|srcset|href)=\"([^\"]+)\"", plain_links)
    return links, {anchor(line) for line in re.findall(r"^#+ (.*)$", plain, flags=re.M)}


def of_page(text):
    links = [html.unescape(link) for link in re.findall(r"<(?:a|link|img|script)\b[^>]*?\b(?:href|src)=\"([^\"]*)\"", text)]
    return links, {html.unescape(name) for name in re.findall(r"\b(?:id|name)=\"([^\"]+)\"", text)}


if len(sys.argv) > 1:
    files = sorted(pathlib.Path(sys.argv[1]).rglob("*.html"))
    read = of_page
else:
    listed = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"], check=True, capture_output=True, text=True).stdout
    files = [pathlib.Path(path) for path in listed.splitlines()]
    read = of_document

content = {path.resolve(): read(path.read_text(encoding="utf-8")) for path in files}
dead, count = [], 0
for path, (links, _) in content.items():
    for link in links:
        if re.match(r"[a-z][a-z+.-]*:|//", link, flags=re.I):
            continue
        count += 1
        target, _, fragment = link.partition("#")
        goal = (path.parent / urllib.parse.unquote(target.partition("?")[0])).resolve() if target else path
        anchors = content.get(goal, (None, None))[1]
        if not goal.exists():
            dead.append(f"{path}: {link}: there is no such file")
        elif fragment and anchors is not None and urllib.parse.unquote(fragment) not in anchors:
            dead.append(f"{path}: {link}: there is no such place in the file")

print("\n".join(dead))
print(f"{count} links in {len(files)} files, {len(dead)} dead")
sys.exit(1 if dead or not count else 0)
