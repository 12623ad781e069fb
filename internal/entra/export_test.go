package entra

var AADSTSCatalogue = aadstsCatalogue
