using System.Diagnostics;
using System.Net.Sockets;

namespace Quantization.Onnx.Tests;

/// <summary>What paths name: the kind of file and whether two paths name the same one.</summary>
public sealed class FileStatusTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_file_is_the_same_through_every_name()
    {
        string file = _folder.Write("a/file", "1");
        string other = _folder.Write("a/other", "1");
        File.CreateSymbolicLink(_folder.PathTo("link"), file);
        Directory.CreateSymbolicLink(_folder.PathTo("b"), _folder.PathTo("a"));
        using (Process process = Process.Start("ln", [file, _folder.PathTo("hard")]))
        {
            process.WaitForExit();
        }

        FileIdentity? identity = FileIdentity.Of(file);

        Assert.NotNull(identity);
        foreach (string name in (string[])["link", "hard", "b/file", "./a/../a/file", "b/../a/file"])
        {
            Assert.Equal(identity, FileIdentity.Of(_folder.PathTo(name)));
        }

        Assert.Equal(identity, FileIdentity.Of(Path.GetRelativePath(Environment.CurrentDirectory, file)));
        Assert.NotEqual(identity, FileIdentity.Of(other));
        Assert.Null(FileIdentity.Of(_folder.PathTo("missing")));
        Assert.Null(FileIdentity.Of(""));
        Assert.Null(FileIdentity.Of(file + "\0x"));
    }

    [Fact]
    public void Files_of_two_file_systems_differ()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "/proc is Linux's.");
        Assert.NotEqual(FileIdentity.Of("/proc/self/status")!.Value.Device, FileIdentity.Of(_folder.FullName)!.Value.Device);
    }

    [Fact]
    public void A_replaced_file_is_another_one()
    {
        string file = _folder.Write("file", "1");
        FileIdentity? before = FileIdentity.Of(file);
        string next = _folder.Write("next", "2");
        File.Move(next, file, overwrite: true);

        Assert.NotEqual(before, FileIdentity.Of(file));
    }

    [Fact]
    public void Kinds_are_distinguished()
    {
        string file = _folder.Write("file", "1");
        File.CreateSymbolicLink(_folder.PathTo("link"), file);
        File.CreateSymbolicLink(_folder.PathTo("broken"), _folder.PathTo("missing"));
        string pipe = NamedPipe.Make(_folder.PathTo("pipe"));
        File.CreateSymbolicLink(_folder.PathTo("link to pipe"), pipe);
        using Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(_folder.PathTo("socket")));

        Assert.Equal(FileKind.Regular, RegularFile.KindOf(file));
        Assert.Equal(FileKind.Regular, RegularFile.KindOf(_folder.PathTo("link")));
        Assert.Equal(FileKind.Missing, RegularFile.KindOf(_folder.PathTo("broken")));
        Assert.Equal(FileKind.Folder, RegularFile.KindOf(_folder.FullName));
        Assert.Equal(FileKind.Pipe, RegularFile.KindOf(pipe));
        Assert.Equal(FileKind.Pipe, RegularFile.KindOf(_folder.PathTo("link to pipe")));
        Assert.Equal(FileKind.Socket, RegularFile.KindOf(_folder.PathTo("socket")));
        Assert.Equal(FileKind.Device, RegularFile.KindOf("/dev/zero"));
    }

    [Fact(Timeout = 20_000)]
    public async Task A_pipe_is_refused_without_waiting_for_a_writer()
    {
        string pipe = NamedPipe.Make(_folder.PathTo("pipe"));
        IOException error =
            await Assert.ThrowsAsync<IOException>(() =>
                Task.Run(() => RegularFile.OpenRead(pipe).Dispose(), TestContext.Current.CancellationToken));

        Assert.Equal($"{pipe}: a named pipe is no file to read from; copy the content into a regular file and name that.", error.Message);
    }

    [Fact]
    public void A_regular_file_opens_through_a_link()
    {
        File.CreateSymbolicLink(_folder.PathTo("link"), _folder.Write("file", "content"));
        using StreamReader reader = new(RegularFile.OpenRead(_folder.PathTo("link")));

        Assert.Equal("content", reader.ReadToEnd());
    }

    [Fact]
    public void A_missing_file_and_a_folder_are_named()
    {
        string missing = _folder.PathTo("missing");

        Assert.Equal($"{missing}: there is no such file.",
            Assert.Throws<FileNotFoundException>(() => RegularFile.OpenRead(missing)).Message);
        Assert.StartsWith($"{_folder.FullName}: a folder is no file",
            Assert.Throws<IOException>(() => RegularFile.OpenRead(_folder.FullName)).Message);
    }
}
