import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * Answers what java.util.regex makes of patterns and lines, one answer a line of input. Arguments and answers are base64.
 *
 * <pre>
 * P pattern    ok, or error
 * M text       no, or the groups with a blank before each; - is a group that took no part
 * A text       yes if the pattern matches at the text's beginning, or no
 * S text       the columns that String.split makes with the pattern
 * </pre>
 */
public class Match {
    private static Pattern pattern;

    public static void main(String[] args) throws Exception {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
        PrintStream out = new PrintStream(System.out, false, "US-ASCII");
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            String text = new String(Base64.getDecoder().decode(line.substring(2)), StandardCharsets.UTF_8);
            out.println(answer(line.charAt(0), text));
        }
        out.flush();
    }

    private static String answer(char command, String text) {
        switch (command) {
            case 'P':
                return compile(text);
            case 'M':
                Matcher matcher = pattern.matcher(text);
                return matcher.matches() ? groups(matcher) : "no";
            case 'A':
                return pattern.matcher(text).lookingAt() ? "yes" : "no";
            case 'S':
                StringBuilder columns = new StringBuilder("columns");
                for (String column : text.split(pattern.pattern())) {
                    columns.append(' ').append(encode(column));
                }
                return columns.toString();
            default:
                throw new IllegalArgumentException("command " + command);
        }
    }

    private static String compile(String text) {
        pattern = null;
        try {
            pattern = Pattern.compile(text);
        } catch (PatternSyntaxException e) {
            return "error";
        }
        return "ok";
    }

    private static String groups(Matcher matcher) {
        StringBuilder out = new StringBuilder("groups");
        for (int i = 1; i <= matcher.groupCount(); i++) {
            out.append(' ').append(matcher.group(i) == null ? "-" : encode(matcher.group(i)));
        }
        return out.toString();
    }

    private static String encode(String text) {
        return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }
}
