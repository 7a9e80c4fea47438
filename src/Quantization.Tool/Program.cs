Console.WriteLine("quantize");
