package loadgen

import (
	"fmt"
	"math/rand/v2"
	"strconv"
)

// The vocabulary of made-up people, places and programs.
var (
	firstNames  = []string{"Ada", "Amir", "Anna", "Bela", "Carlos", "Chen", "Dana", "Elif", "Femi", "Grace", "Hana", "Igor", "Ines", "Jonas", "Kofi", "Lara", "Mei", "Nadia", "Omar", "Priya", "Quinn", "Rosa", "Sven", "Tara", "Uma", "Viktor", "Wanda", "Yuki", "Zoe"}
	lastNames   = []string{"Adeyemi", "Berg", "Costa", "Dubois", "Evans", "Fischer", "Garcia", "Haddad", "Ito", "Jensen", "Kowalski", "Lopez", "Moreau", "Novak", "Okafor", "Patel", "Rossi", "Silva", "Tanaka", "Usman", "Varga", "Weber", "Yilmaz", "Zhang"}
	nameWords   = []string{"amber", "birch", "cedar", "delta", "ember", "fjord", "garnet", "harbor", "indigo", "juniper", "kestrel", "lumen", "meadow", "nimbus", "orchard", "pebble", "quartz", "river", "saffron", "timber", "umbra", "vertex", "willow", "zephyr"}
	domainEnds  = []string{"com", "net", "org", "info", "biz"}
	pathWords   = []string{"main", "category", "search", "tag", "posts", "app", "blog", "list", "explore", "categories", "home", "index", "about", "login", "register", "terms", "privacy", "faq"}
	pathEnds    = []string{"", "/", ".html", ".htm", ".php", ".asp", ".jsp"}
	cityNames   = []string{"Aarhus", "Bergen", "Cordoba", "Dakar", "Eindhoven", "Fukuoka", "Ghent", "Hanoi", "Izmir", "Jaipur", "Krakow", "Lyon", "Malmo", "Nairobi", "Oslo", "Porto", "Quito", "Riga", "Seville", "Turin", "Utrecht", "Vienna", "Wuhan", "York", "Zagreb"}
	stateNames  = []string{"Alaska", "Bavaria", "California", "Galicia", "Idaho", "Kansas", "Lombardy", "Maine", "Nevada", "Ohio", "Punjab", "Quebec", "Saxony", "Texas", "Utah", "Victoria"}
	countries   = []string{"Argentina", "Belgium", "Canada", "Denmark", "Egypt", "France", "Germany", "Hungary", "India", "Japan", "Kenya", "Latvia", "Mexico", "Norway", "Oman", "Portugal", "Qatar", "Romania", "Spain", "Turkey", "Uruguay", "Vietnam", "Zambia"}
	colors      = []string{"azure", "black", "blue", "cyan", "gold", "green", "grey", "ivory", "lime", "magenta", "orange", "pink", "red", "silver", "teal", "violet", "white", "yellow"}
	departments = []string{"Automotive", "Baby", "Books", "Clothing", "Electronics", "Games", "Garden", "Grocery", "Health", "Home", "Music", "Outdoors", "Shoes", "Sports", "Tools", "Toys"}
	goods       = []string{"Bike", "Chair", "Desk", "Hat", "Jacket", "Keyboard", "Lamp", "Mouse", "Mug", "Pen", "Shirt", "Shoes", "Soap", "Table", "Towel"}
	stuffs      = []string{"Bamboo", "Cotton", "Glass", "Linen", "Metal", "Oak", "Paper", "Rubber", "Steel", "Stone", "Wool"}
	jobs        = []string{"Accountant", "Architect", "Baker", "Carpenter", "Designer", "Editor", "Engineer", "Farmer", "Librarian", "Nurse", "Pilot", "Teacher", "Translator"}
	companyEnds = []string{"AG", "and Sons", "Group", "Inc", "Ltd", "Works"}
	windowsNT   = []string{"6.1", "6.2", "6.3", "10.0"}
)

func pickOf(r *rand.Rand, of []string) string { return of[r.IntN(len(of))] }

func appendIPv4(dst []byte, r *rand.Rand) []byte {
	for i := range 4 {
		if i > 0 {
			dst = append(dst, '.')
		}
		dst = strconv.AppendInt(dst, r.Int64N(256), 10)
	}
	return dst
}

func fakeDomain(r *rand.Rand) string {
	return pickOf(r, nameWords) + "-" + pickOf(r, nameWords) + "." + pickOf(r, domainEnds)
}

func fakeURI(r *rand.Rand) string {
	uri := "http://www." + fakeDomain(r) + "/"
	for range r.IntN(3) {
		uri += pickOf(r, pathWords) + "/"
	}
	return uri + pickOf(r, pathWords) + pickOf(r, pathEnds)
}

func firefox(r *rand.Rand) string {
	version := 90 + r.IntN(60)
	return fmt.Sprintf("Mozilla/5.0 (%s; rv:%d.0) Gecko/20100101 Firefox/%d.0", platform(r), version, version)
}

func chrome(r *rand.Rand) string {
	return fmt.Sprintf("Mozilla/5.0 (%s) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/%d.0.%d.%d Safari/537.36", platform(r), 90+r.IntN(60), 4000+r.IntN(3000), r.IntN(200))
}

func safari(r *rand.Rand) string {
	return fmt.Sprintf("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_%d_%d) AppleWebKit/605.1.%d (KHTML, like Gecko) Version/%d.%d Safari/605.1.15", 11+r.IntN(5), r.IntN(8), 1+r.IntN(20), 12+r.IntN(8), r.IntN(6))
}

func internetExplorer(r *rand.Rand) string {
	return fmt.Sprintf("Mozilla/5.0 (compatible; MSIE %d.0; Windows NT %s; Trident/%d.%d)", 8+r.IntN(4), pickOf(r, windowsNT), 4+r.IntN(4), r.IntN(2))
}

func opera(r *rand.Rand) string {
	return fmt.Sprintf("Opera/9.%d.(%s) Presto/2.9.%d Version/%d.00", 10+r.IntN(89), platform(r), 160+r.IntN(31), 10+r.IntN(3))
}

func platform(r *rand.Rand) string {
	switch r.IntN(3) {
	case 0:
		return "Windows NT " + pickOf(r, windowsNT) + "; Win64; x64"
	case 1:
		return "X11; Linux x86_64"
	}
	return fmt.Sprintf("Macintosh; Intel Mac OS X 10_%d_%d", 11+r.IntN(5), r.IntN(8))
}
