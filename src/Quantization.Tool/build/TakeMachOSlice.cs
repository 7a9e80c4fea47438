using System;
using System.IO;
using Microsoft.Build.Framework;
using Microsoft.Build.Utilities;

/// <summary>
/// Takes the arm64 build out of a library for macOS that holds those of several processors, as <c>lipo -thin arm64</c> does. Each build has
/// its own signature, which stays valid.
/// </summary>
public sealed class TakeMachOSlice : Task
{
    private const uint SeveralProcessors = 0xCAFEBABE;
    private const uint Arm64 = 0x0100000C;
    private const int HeaderBytes = 8;
    private const int EntryBytes = 20;

    /// <summary>The library.</summary>
    [Required]
    public string Source { get; set; }

    /// <summary>Where the arm64 build goes.</summary>
    [Required]
    public string Destination { get; set; }

    public override bool Execute()
    {
        byte[] library = File.ReadAllBytes(Source);
        Directory.CreateDirectory(Path.GetDirectoryName(Destination));
        if (Number(library, 0) != SeveralProcessors)
        {
            File.WriteAllBytes(Destination, library);
            return true;
        }

        for (int entry = HeaderBytes; entry < HeaderBytes + (Number(library, 4) * EntryBytes); entry += EntryBytes)
        {
            if (Number(library, entry) == Arm64)
            {
                using (FileStream slice = File.Create(Destination))
                {
                    slice.Write(library, (int)Number(library, entry + 8), (int)Number(library, entry + 12));
                }

                return true;
            }
        }

        Log.LogError("{0}: this library has no build for arm64.", Source);
        return false;
    }

    /// <summary>The header's numbers begin with their highest byte.</summary>
    private static uint Number(byte[] bytes, int index) =>
        ((uint)bytes[index] << 24) | ((uint)bytes[index + 1] << 16) | ((uint)bytes[index + 2] << 8) | bytes[index + 3];
}
