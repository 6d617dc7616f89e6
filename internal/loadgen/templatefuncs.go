package loadgen

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
)

// templateFunction checks its arguments once and returns what writes a value for each record.
type templateFunction func(args []any) (writeValue, error)

var templateFunctions = map[string]templateFunction{
	"random.number":               randomNumber,
	"random.arrayElement":         arrayElement,
	"random.weightedArrayElement": weightedArrayElement,
	"random.boolean":              text(func(r *rand.Rand) string { return strconv.FormatBool(r.IntN(2) == 1) }),
	"random.uuid":                 text(randomUUID),
	"random.word":                 text(func(r *rand.Rand) string { return pickOf(r, nameWords) }),
	"random.alphaNumeric":         alphaNumeric,
	"date.now":                    dateFunction(false),
	"date.utc":                    dateFunction(true),
	"internet.ip":                 text(func(r *rand.Rand) string { return string(appendIPv4(nil, r)) }),
	"internet.ipv6":               text(randomIPv6),
	"internet.mac":                text(randomMAC),
	"internet.email":              text(func(r *rand.Rand) string { return userName(r) + "@" + fakeDomain(r) }),
	"internet.userName":           text(userName),
	"internet.domainName":         text(fakeDomain),
	"internet.url":                text(func(r *rand.Rand) string { return "https://" + fakeDomain(r) }),
	"internet.userAgent":          text(chrome),
	"name.firstName":              text(func(r *rand.Rand) string { return pickOf(r, firstNames) }),
	"name.lastName":               text(func(r *rand.Rand) string { return pickOf(r, lastNames) }),
	"name.findName":               text(func(r *rand.Rand) string { return pickOf(r, firstNames) + " " + pickOf(r, lastNames) }),
	"name.jobTitle":               text(func(r *rand.Rand) string { return pickOf(r, jobs) }),
	"phone.phoneNumber": text(func(r *rand.Rand) string {
		return fmt.Sprintf("%03d-555-%04d", 200+r.IntN(800), r.IntN(10000))
	}),
	"address.city":             text(func(r *rand.Rand) string { return pickOf(r, cityNames) }),
	"address.state":            text(func(r *rand.Rand) string { return pickOf(r, stateNames) }),
	"address.country":          text(func(r *rand.Rand) string { return pickOf(r, countries) }),
	"address.zipCode":          text(func(r *rand.Rand) string { return fmt.Sprintf("%05d", r.IntN(100000)) }),
	"address.latitude":         text(func(r *rand.Rand) string { return fmt.Sprintf("%.4f", r.Float64()*180-90) }),
	"address.longitude":        text(func(r *rand.Rand) string { return fmt.Sprintf("%.4f", r.Float64()*360-180) }),
	"commerce.productName":     text(func(r *rand.Rand) string { return pickOf(r, stuffs) + " " + pickOf(r, goods) }),
	"commerce.product":         text(func(r *rand.Rand) string { return pickOf(r, goods) }),
	"commerce.productMaterial": text(func(r *rand.Rand) string { return pickOf(r, stuffs) }),
	"commerce.price":           text(func(r *rand.Rand) string { return fmt.Sprintf("%d.00", 1+r.IntN(1000)) }),
	"commerce.department":      text(func(r *rand.Rand) string { return pickOf(r, departments) }),
	"commerce.color":           text(func(r *rand.Rand) string { return pickOf(r, colors) }),
	"company.companyName":      text(func(r *rand.Rand) string { return pickOf(r, lastNames) + " " + pickOf(r, companyEnds) }),
	"lorem.word":               text(func(r *rand.Rand) string { return pickOf(r, nameWords) }),
	"lorem.sentence":           text(sentence),
}

func functionNames() string {
	names := make([]string, 0, len(templateFunctions))
	for name := range templateFunctions {
		names = append(names, name)
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

// text is a function without arguments.
func text(make func(*rand.Rand) string) templateFunction {
	return func(args []any) (writeValue, error) {
		if len(args) > 0 {
			return nil, fmt.Errorf("takes no arguments")
		}
		return func(dst []byte, s *templateState) []byte { return append(dst, make(s.random)...) }, nil
	}
}

const defaultMaxNumber = 99999

// randomNumber is {{random.number}}, {{random.number(max)}} or {{random.number({min, max, precision})}}; both ends are among the numbers.
func randomNumber(args []any) (writeValue, error) {
	low, high, precision := 0.0, float64(defaultMaxNumber), 1.0
	if len(args) > 1 {
		return nil, fmt.Errorf("has %d arguments, want one", len(args))
	}
	if len(args) == 1 {
		switch arg := args[0].(type) {
		case float64:
			high = arg
		case object:
			for name, v := range arg {
				into, known := map[string]*float64{"min": &low, "max": &high, "precision": &precision}[name]
				n, ok := v.(float64)
				if !known || !ok {
					return nil, fmt.Errorf("has %s: %v, want numbers as min, max and precision", name, v)
				}
				*into = n
			}
		default:
			return nil, fmt.Errorf("has %v, want a number or {min, max, precision}", arg)
		}
	}
	steps := math.Floor((high-low)/precision + 1e-9)
	if precision <= 0 || high < low || steps > 1<<53 {
		return nil, fmt.Errorf("has min %v, max %v, precision %v, want a range with steps above 0", low, high, precision)
	}
	decimals := decimalsOf(precision, low)
	return func(dst []byte, s *templateState) []byte {
		return strconv.AppendFloat(dst, low+float64(s.random.Int64N(int64(steps)+1))*precision, 'f', decimals, 64)
	}, nil
}

// decimalsOf is how many digits behind the point the numbers need.
func decimalsOf(numbers ...float64) int {
	n := 0
	for _, number := range numbers {
		if _, after, found := strings.Cut(strconv.FormatFloat(number, 'f', -1, 64), "."); found {
			n = max(n, len(after))
		}
	}
	return n
}

// arrayElement is {{random.arrayElement([…])}}.
func arrayElement(args []any) (writeValue, error) {
	if len(args) != 1 {
		return nil, fmt.Errorf("has %d arguments, want a list", len(args))
	}
	texts, err := plainTexts(args[0])
	if err != nil {
		return nil, err
	}
	return func(dst []byte, s *templateState) []byte { return append(dst, pickOf(s.random, texts)...) }, nil
}

// weightedArrayElement is {{random.weightedArrayElement({"weights": […], "data": […]})}}. Weights need not add up to 1.
func weightedArrayElement(args []any) (writeValue, error) {
	var arg object
	if len(args) == 1 {
		arg, _ = args[0].(object)
	}
	if len(arg) != 2 || arg["weights"] == nil || arg["data"] == nil {
		return nil, fmt.Errorf("wants {weights, data}")
	}
	texts, err := plainTexts(arg["data"])
	if err != nil {
		return nil, err
	}
	weights, _ := arg["weights"].([]any)
	if len(weights) != len(texts) {
		return nil, fmt.Errorf("has %d weights for %d values", len(weights), len(texts))
	}
	total := 0.0
	upTo := make([]float64, len(weights))
	for i, w := range weights {
		n, ok := w.(float64)
		if !ok || n < 0 {
			return nil, fmt.Errorf("has the weight %v, want a number of at least 0", w)
		}
		total += n
		upTo[i] = total
	}
	if total == 0 {
		return nil, fmt.Errorf("has no weight above 0")
	}
	return func(dst []byte, s *templateState) []byte {
		x := s.random.Float64() * total
		for i, end := range upTo {
			if x < end {
				return append(dst, texts[i]...)
			}
		}
		return append(dst, texts[len(texts)-1]...)
	}, nil
}

// plainTexts writes the values of a list as they will stand in the record.
func plainTexts(v any) ([]string, error) {
	list, ok := v.([]any)
	if !ok || len(list) == 0 {
		return nil, fmt.Errorf("has %v, want a list with at least one value", v)
	}
	var texts []string
	for _, v := range list {
		switch v := v.(type) {
		case string:
			texts = append(texts, v)
		case float64:
			texts = append(texts, strconv.FormatFloat(v, 'f', -1, 64))
		case bool:
			texts = append(texts, strconv.FormatBool(v))
		case nil:
			texts = append(texts, "null")
		default:
			return nil, fmt.Errorf("has a list or an object among its values, want texts and numbers")
		}
	}
	return texts, nil
}

const alphaNumerics = "0123456789abcdefghijklmnopqrstuvwxyz"

// alphaNumeric is {{random.alphaNumeric(n)}}, n characters, one without an argument.
func alphaNumeric(args []any) (writeValue, error) {
	count := 1.0
	if len(args) == 1 {
		n, ok := args[0].(float64)
		if !ok || n < 1 || n > 1<<20 || n != math.Floor(n) {
			return nil, fmt.Errorf("has %v, want a number of characters", args[0])
		}
		count = n
	} else if len(args) > 1 {
		return nil, fmt.Errorf("has %d arguments, want one", len(args))
	}
	return func(dst []byte, s *templateState) []byte {
		for range int(count) {
			dst = append(dst, alphaNumerics[s.random.IntN(len(alphaNumerics))])
		}
		return dst
	}, nil
}

func randomUUID(r *rand.Rand) string {
	a, b := r.Uint64(), r.Uint64()
	return fmt.Sprintf("%08x-%04x-4%03x-%04x-%012x", a>>32, a>>16&0xffff, a&0xfff, 0x8000|b>>48&0x3fff, b&0xffffffffffff)
}

func randomIPv6(r *rand.Rand) string {
	groups := make([]string, 8)
	for i := range groups {
		groups[i] = fmt.Sprintf("%04x", r.IntN(1<<16))
	}
	return strings.Join(groups, ":")
}

func randomMAC(r *rand.Rand) string {
	bytes := make([]string, 6)
	for i := range bytes {
		bytes[i] = fmt.Sprintf("%02x", r.IntN(256))
	}
	return strings.Join(bytes, ":")
}

func userName(r *rand.Rand) string {
	return pickOf(r, firstNames) + "." + pickOf(r, lastNames) + strconv.Itoa(r.IntN(100))
}

func sentence(r *rand.Rand) string {
	words := make([]string, 3+r.IntN(6))
	for i := range words {
		words[i] = pickOf(r, nameWords)
	}
	words[0] = strings.ToUpper(words[0][:1]) + words[0][1:]
	return strings.Join(words, " ") + "."
}
