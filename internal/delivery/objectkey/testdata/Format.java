import java.io.*;
import java.time.*;
import java.time.format.*;
import java.util.Locale;

// Reads lines of instant|zone|pattern and writes what DateTimeFormatter makes of each, or "refused".
public class Format {
    public static void main(String[] args) throws Exception {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, "UTF-8"));
        PrintStream out = new PrintStream(System.out, true, "UTF-8");
        for (String line; (line = in.readLine()) != null; ) {
            String[] f = line.split("\\|", 3);
            try {
                ZonedDateTime t = Instant.parse(f[0]).atZone(ZoneId.of(f[1]));
                out.println(DateTimeFormatter.ofPattern(f[2], Locale.US).format(t));
            } catch (RuntimeException e) {
                out.println("refused");
            }
        }
    }
}
