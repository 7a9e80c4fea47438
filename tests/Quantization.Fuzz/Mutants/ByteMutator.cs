using System.Buffers.Binary;

namespace Quantization.Fuzz.Mutants;

/// <summary>Changes bytes at random: bits flip, lengths become extreme, pieces vanish, double or come from elsewhere.</summary>
internal static class ByteMutator
{
    private static readonly uint[] Lengths = [0, 1, 0x7f, 0x80, 0xff, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff];

    /// <summary>The changed bytes.</summary>
    public static byte[] Mutate(byte[] bytes, Random random)
    {
        List<byte> changed = [.. bytes];
        for (int i = 1 + random.Next(4); i > 0 && changed.Count > 0; i--)
        {
            int at = random.Next(changed.Count), length = Math.Min(1 + random.Next(64), changed.Count - at);
            switch (random.Next(7))
            {
                case 0:
                    changed.RemoveRange(at, changed.Count - at);
                    break;
                case 1:
                    changed.RemoveRange(at, length);
                    break;
                case 2:
                    changed.InsertRange(random.Next(changed.Count), changed.GetRange(at, length));
                    break;
                case 3 when changed.Count - at >= sizeof(uint):
                    byte[] number = new byte[sizeof(uint)];
                    BinaryPrimitives.WriteUInt32LittleEndian(number, Lengths[random.Next(Lengths.Length)]);
                    changed.RemoveRange(at, sizeof(uint));
                    changed.InsertRange(at, number);
                    break;
                default:
                    changed[at] ^= (byte)(1 << random.Next(8));
                    break;
            }
        }

        return [.. changed];
    }
}
