using System;
using System.IO;
using System.Text;
using Microsoft.Build.Framework;
using Microsoft.Build.Utilities;

/// <summary>
/// Marks the version GLIBCXX_3.4.32 that a native library asks for as weak, so that a loader whose libstdc++ is older takes the library.
/// The only symbol of that version which TorchSharp's native half names, std::ios_base_library_init(), is an anchor for the linker: no
/// relocation refers to it, so it is never looked up. A newer libstdc++ ignores the mark. ELF, 64 bits, little-endian; anything else is
/// left alone.
/// </summary>
public sealed class WeakenGlibcxxNeed : Task
{
    private const string Version = "GLIBCXX_3.4.32";
    private const uint SectionOfVersionNeeds = 0x6ffffffe;
    private const byte WeakFlag = 2;

    /// <summary>The copies of the library to change.</summary>
    [Required]
    public ITaskItem[] Libraries { get; set; }

    public override bool Execute()
    {
        foreach (ITaskItem library in Libraries)
        {
            string path = library.ItemSpec;
            byte[] elf = File.ReadAllBytes(path);
            if (!Weaken(elf))
            {
                continue;
            }

            // A new file moved over the copy, not a write into it: the copy may be a hard link to the one in the package cache. The old
            // time keeps incremental builds from copying again.
            DateTime time = File.GetLastWriteTimeUtc(path);
            string changed = path + ".weak";
            File.WriteAllBytes(changed, elf);
            File.SetLastWriteTimeUtc(changed, time);
            File.Delete(path);
            File.Move(changed, path);
            Log.LogMessage(MessageImportance.Normal, "{0}: {1} is wanted but no longer required.", path, Version);
        }

        return !Log.HasLoggedErrors;
    }

    private static bool Weaken(byte[] elf)
    {
        bool isElf64 = elf.Length > 64 && elf[0] == 0x7f && elf[1] == 'E' && elf[2] == 'L' && elf[3] == 'F' && elf[4] == 2 && elf[5] == 1;
        if (!isElf64)
        {
            return false;
        }

        long sections = BitConverter.ToInt64(elf, 0x28);
        int sectionSize = BitConverter.ToUInt16(elf, 0x3A);
        int sectionCount = BitConverter.ToUInt16(elf, 0x3C);
        bool changed = false;
        for (int i = 0; i < sectionCount; i++)
        {
            int section = (int)(sections + ((long)i * sectionSize));
            if (BitConverter.ToUInt32(elf, section + 4) == SectionOfVersionNeeds)
            {
                int link = BitConverter.ToInt32(elf, section + 40);
                int names = (int)BitConverter.ToInt64(elf, (int)(sections + ((long)link * sectionSize)) + 24);
                changed |= WeakenIn(elf, (int)BitConverter.ToInt64(elf, section + 24), names);
            }
        }

        return changed;
    }

    /// <summary>Walks the needs at an offset: for each library a list of versions, each with a flag word and a name.</summary>
    private static bool WeakenIn(byte[] elf, int need, int names)
    {
        bool changed = false;
        int next;
        do
        {
            int count = BitConverter.ToUInt16(elf, need + 2);
            int version = need + BitConverter.ToInt32(elf, need + 8);
            for (int i = 0; i < count; i++)
            {
                int name = names + BitConverter.ToInt32(elf, version + 8);
                if (Encoding.ASCII.GetString(elf, name, Version.Length) == Version
                    && elf[name + Version.Length] == 0
                    && (elf[version + 4] & WeakFlag) == 0)
                {
                    elf[version + 4] |= WeakFlag;
                    changed = true;
                }

                version += BitConverter.ToInt32(elf, version + 12);
            }

            next = BitConverter.ToInt32(elf, need + 12);
            need += next;
        }
        while (next != 0);
        return changed;
    }
}
