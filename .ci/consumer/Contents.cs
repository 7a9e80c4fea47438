// What is in the packages: how they present themselves, what they depend on, how large they are, and whether a debugger finds their source.
using System.IO.Compression;
using System.Reflection.Metadata;
using System.Text;
using System.Text.Json;
using System.Xml.Linq;

const long LargestPackage = 25_000_000;
Guid sourceLink = new("CC110556-A091-4D38-9FEC-25AB9A351A6A");
Guid embeddedSource = new("0E8A571B-6926-466E-B4AD-8AB046BE45FE");
(string folder, string version) = (args[0], args[1]);
string[] packages = Directory.GetFiles(folder, "*.nupkg");
string commit = "";
int symbols = 0;
foreach (string path in packages)
{
    using ZipArchive package = ZipFile.OpenRead(path);
    string id = Path.GetFileName(path)[..^$".{version}.nupkg".Length];
    XElement metadata = XDocument.Load(package.Entries.Single(entry => entry.FullName == $"{id}.nuspec").Open()).Root!.Elements().First();
    string Text(string name) => metadata.Elements().SingleOrDefault(element => element.Name.LocalName == name)?.Value ?? "";
    XElement repository = metadata.Elements().Single(element => element.Name.LocalName == "repository");
    commit = repository.Attribute("commit")!.Value;

    Check(Text("version") == version, id, "its version is that of the others");
    Check(
        Text("license") == "MIT" && Text("description") != "" && Text("tags").Contains("int8"),
        id,
        "licence, description and tags are there");
    Check(package.GetEntry(Text("icon")) is not null && package.GetEntry(Text("readme")) is not null, id, "icon and readme are there");
    Check(
        Text("projectUrl") == repository.Attribute("url")!.Value && commit.Length == 40,
        id,
        "the project, its repository and the commit are named");
    Check(new FileInfo(path).Length <= LargestPackage, id, $"{new FileInfo(path).Length} bytes are at most {LargestPackage}");
    foreach ((string dependency, string range) in Dependencies(metadata)
        .Where(one => one.Id.StartsWith("Quantization", StringComparison.Ordinal)))
    {
        bool usesInternals = id is "Quantization.Images" or "Quantization.Reporting" or "Quantization.TorchSharp";
        Check(range == (usesInternals ? $"[{version}]" : version), id, $"{dependency} {range} is of the right version");
    }

    string ofSymbols = Path.ChangeExtension(path, ".snupkg");
    using ZipArchive? apart = File.Exists(ofSymbols) ? ZipFile.OpenRead(ofSymbols) : null;
    bool hasAssemblies = package.Entries.Any(
        entry => entry.Name.StartsWith("Quantization", StringComparison.Ordinal) && entry.Name.EndsWith(".dll", StringComparison.Ordinal));
    ZipArchiveEntry[] files = [.. (apart ?? package).Entries.Where(entry => entry.Name.EndsWith(".pdb", StringComparison.Ordinal))];
    Check(files.Length > 0 == hasAssemblies, id, "assemblies have symbols");
    foreach (ZipArchiveEntry file in files)
    {
        CheckSymbols(file);
        symbols++;
    }

    bool isMarked = package.Entries.Where(entry => entry.FullName == $"lib/net10.0/{id}.dll")
        .Any(entry => Encoding.UTF8.GetString(Read(entry)).Contains("IsTrimmable"));
    Check(
        isMarked == (id is "Quantization" or "Quantization.Hosting" or "Quantization.Onnx"),
        id,
        "marks of trimming stand where they are tested");
}

Check(
    packages.Count(path => Path.GetFileName(path).StartsWith("Quantization.Tool.", StringComparison.Ordinal)) == 6,
    "Quantization.Tool",
    "there is a package for each of five systems, and one that names them");
Console.WriteLine($"{packages.Length} packages of version {version}, {symbols} files of symbols");
return 0;

static IEnumerable<(string Id, string Range)> Dependencies(XElement metadata) => metadata.Descendants()
    .Where(element => element.Name.LocalName == "dependency")
    .Select(element => (element.Attribute("id")!.Value, element.Attribute("version")!.Value));

static byte[] Read(ZipArchiveEntry entry)
{
    using MemoryStream copy = new();
    using Stream stream = entry.Open();
    stream.CopyTo(copy);
    return copy.ToArray();
}

// Every document is one that the commit has, at the address that the symbols name, or is in the symbols.
void CheckSymbols(ZipArchiveEntry file)
{
    using MetadataReaderProvider provider = MetadataReaderProvider.FromPortablePdbStream(new MemoryStream(Read(file)));
    MetadataReader reader = provider.GetMetadataReader();
    CustomDebugInformation[] all = [.. reader.CustomDebugInformation.Select(reader.GetCustomDebugInformation)];
    byte[]? link = all.Where(one => reader.GetGuid(one.Kind) == sourceLink).Select(one => reader.GetBlobBytes(one.Value)).SingleOrDefault();
    Check(link is not null, file.Name, "symbols name where the source is");
    JsonElement documents = JsonDocument.Parse(link!).RootElement.GetProperty("documents");
    string address = documents.GetProperty("/_/*").GetString()!;
    Check(
        address.StartsWith("https://", StringComparison.Ordinal) && address.EndsWith($"/{commit}/*", StringComparison.Ordinal),
        file.Name,
        $"{address} is the source of the commit");
    HashSet<EntityHandle> embedded = [.. all.Where(one => reader.GetGuid(one.Kind) == embeddedSource).Select(one => one.Parent)];
    foreach (DocumentHandle handle in reader.Documents)
    {
        string document = reader.GetString(reader.GetDocument(handle).Name);
        Check(
            embedded.Contains(handle) || document.StartsWith("/_/src/", StringComparison.Ordinal),
            file.Name,
            $"{document} is in the commit or in the symbols");
    }
}

static void Check(bool condition, string package, string what)
{
    if (!condition)
    {
        throw new InvalidOperationException($"{package}: not so: {what}.");
    }
}
